"""Small pictures for an asset's page in the UI, where a picture says more than a number.

Dagster shows Markdown metadata; a picture goes in as a PNG in a data URI, so that nothing has to be kept beside it.
"""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Past these a point is drawn at the edge: q-values reach 1e-300.
_FARTHEST_LOG_ODDS, _SMALLEST_Q, _MOST_POINTS = 7.0, 1e-30, 20_000


def picture(
    draw: "Callable[[Axes], object]", *, says: str, width: float = 5.0, height: float = 3.0
) -> dg.MetadataValue:
    """What `draw` puts on a pair of axes, as metadata.

    Args:
        draw: Draws on the axes it is handed.
        says: What the picture shows, for who cannot see it.
        width: In inches of 100 pixels.
        height: In inches.
    """
    # Imported here: half a second that only a run needs. Agg draws without a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return dg.MetadataValue.md(f"![{says}](data:image/png;base64,{base64.b64encode(file.getvalue()).decode()})")


def volcano(odds_ratio: pa.ChunkedArray, q_value: pa.ChunkedArray, of: str) -> dict[str, dg.MetadataValue]:
    """Effect against evidence, one point a test; nothing where nothing was tested."""
    x, q = (column.to_numpy().astype(np.float64) for column in (odds_ratio, q_value))
    known = np.flatnonzero(~np.isnan(q) & ~np.isnan(x))
    if len(known) == 0:
        return {}
    if len(known) > _MOST_POINTS:
        # All that is beyond chance first: what is not lies in one cloud, of which a part shows the whole.
        known = known[np.argsort(q[known], kind="stable")]
        known = np.concatenate([known[: _MOST_POINTS // 2], known[_MOST_POINTS // 2 :: 1 + len(known) // _MOST_POINTS]])
    effect = np.clip(np.log(x[known]), -_FARTHEST_LOG_ODDS, _FARTHEST_LOG_ODDS)
    evidence = -np.log10(np.maximum(q[known], _SMALLEST_Q))

    def draw(axes: "Axes") -> None:
        found = q[known] < 0.05
        axes.scatter(effect[~found], evidence[~found], s=6, c="#9aa0a6", linewidths=0, label="within chance")
        axes.scatter(effect[found], evidence[found], s=8, c="#b3261e", linewidths=0, label="q < 0.05")
        axes.axvline(0, color="#5f6368", linewidth=0.6)
        axes.set(xlabel="odds ratio, natural logarithm", ylabel="q-value, −log10")
        axes.legend(frameon=False, fontsize=7)

    says = f"{of}: effect against evidence, {int((q < 0.05).sum())} of {int((~np.isnan(q)).sum())} tests beyond chance"
    return {"effect against evidence": picture(draw, says=says)}


def histogram(values: list[float], label: str, of: str) -> dict[str, dg.MetadataValue]:
    """How values between 0 and 1 are spread; nothing where there are none."""
    if not values:
        return {}

    def draw(axes: "Axes") -> None:
        axes.hist(values, bins=20, range=(0, 1), color="#1a73e8")
        axes.set(xlabel=label, ylabel=of)

    says = f"{label} of {len(values)} {of}, median {np.median(values):.2f}"
    return {label: picture(draw, says=says, height=2.4)}


def calibration_curve(binned: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> dict[str, dg.MetadataValue]:
    """Probabilities against how often they came true: sums of probabilities, of positives, and counts, by bin."""
    full = binned[2] >= 20
    if not full.any():
        return {}
    said, came = binned[0, full] / binned[2, full], binned[1, full] / binned[2, full]

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color="#9aa0a6", linewidth=0.8)
        axes.plot(said, came, marker="o", markersize=4, color="#1a73e8")
        axes.set(xlabel="probability the probes gave", ylabel="share that showed it", xlim=(0, 1), ylim=(0, 1))

    return {"calibration": picture(draw, says="calibration of all probes on held-out groups", width=3.2)}

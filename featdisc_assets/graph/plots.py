"""Plots for an asset's page in the UI, as a PNG in a data URI in Markdown metadata, so that no file is needed."""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Points beyond these are drawn at the edge: q-values reach 1e-300.
_FARTHEST_LOG_ODDS, _SMALLEST_Q, _MOST_POINTS = 7.0, 1e-30, 20_000


def picture(draw: "Callable[[Axes], object]", *, alt: str, width: float = 5.0, height: float = 3.0) -> dg.MetadataValue:
    """A plot as metadata.

    Args:
        draw: Draws on the axes that it gets.
        alt: Text for readers who cannot see the plot.
        width: In inches of 100 pixels.
        height: In inches of 100 pixels.
    """
    # Imported here because it takes half a second. Agg needs no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{base64.b64encode(file.getvalue()).decode()})")


def volcano(odds_ratio: pa.ChunkedArray, q_value: pa.ChunkedArray, of: str) -> dict[str, dg.MetadataValue]:
    """Volcano plot: log odds ratio against -log10 of the q-value, one point per test; empty without tests."""
    x, q = (column.to_numpy().astype(np.float64) for column in (odds_ratio, q_value))
    known = np.flatnonzero(~np.isnan(q) & ~np.isnan(x))
    if len(known) == 0:
        return {}
    if len(known) > _MOST_POINTS:
        # Keep the smallest q-values and thin out the rest, which form one cloud.
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

    alt = f"{of}: effect against evidence, {int((q < 0.05).sum())} of {int((~np.isnan(q)).sum())} tests beyond chance"
    return {"effect against evidence": picture(draw, alt=alt)}


def histogram(values: list[float], label: str, of: str) -> dict[str, dg.MetadataValue]:
    """Histogram of values between 0 and 1; empty without values."""
    if not values:
        return {}

    def draw(axes: "Axes") -> None:
        axes.hist(values, bins=20, range=(0, 1), color="#1a73e8")
        axes.set(xlabel=label, ylabel=of)

    alt = f"{label} of {len(values)} {of}, median {np.median(values):.2f}"
    return {label: picture(draw, alt=alt, height=2.4)}


def calibration_curve(binned: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> dict[str, dg.MetadataValue]:
    """Calibration curve: observed frequency against predicted probability.

    Args:
        binned: Per bin (column) the sum of probabilities, the number of positives, and the count.
    """
    full = binned[2] >= 20
    if not full.any():
        return {}
    predicted, observed = binned[0, full] / binned[2, full], binned[1, full] / binned[2, full]

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color="#9aa0a6", linewidth=0.8)
        axes.plot(predicted, observed, marker="o", markersize=4, color="#1a73e8")
        axes.set(xlabel="predicted probability", ylabel="observed frequency", xlim=(0, 1), ylim=(0, 1))

    return {"calibration": picture(draw, alt="calibration of all probes on held-out groups", width=3.2)}

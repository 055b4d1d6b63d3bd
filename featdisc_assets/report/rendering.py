"""Render findings as one self-contained HTML page.

Text of transcripts and models is untrusted: autoescape applies to all of it, and `visible` replaces control and
direction marks, which could change how the text around them reads.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

Row = Mapping[str, Any]

TEMPLATES = Path(__file__).parent / "templates"

KIND_TITLES = {"user": "User turns", "thought": "Thoughts", "response": "Responses", "tool": "Tool traffic"}
PURPOSE_TITLES = {
    "rate": "Writing features",
    "name": "Naming clusters",
    "parent": "Naming themes",
    "interest": "Scoring interest",
    "judge": "Judging labels",
    "verify": "Verifying features",
    "codebook": "Asking by codebook",
}
BUILT_IN = "surface/"

# White space, and the joiners that emoji and several scripts need; they neither reorder nor hide text.
_HARMLESS = "\n\t\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Answer:
    """One query of the report and its rows."""

    sql: str
    rows: Sequence[Row]

    @property
    def grain(self) -> str:
        """The grain in the first line of the query."""
        return self.sql.partition("\n")[0].removeprefix("-- grain:").strip()

    @property
    def statement(self) -> str:
        """The query without its first line."""
        return self.sql.partition("\n")[2].strip()


@dataclass(frozen=True, slots=True)
class Findings:
    """The data of the report: one field per file of `queries/`."""

    overview: Answer
    kinds: Answer
    origins: Answer
    raters: Answer
    prevalent: Answer
    interesting: Answer
    members: Answer
    excerpts: Answer
    parents: Answer
    tree: Answer
    contrasts: Answer
    contrast_counts: Answer
    surprising: Answer
    obvious: Answer
    pair_counts: Answer
    probes: Answer
    probe_counts: Answer
    coverage: Answer
    failures: Answer
    rejected: Answer
    spending: Answer
    hygiene: Answer
    quota: Answer
    private: Answer
    agreement: Answer
    fidelity: Answer
    poor_labels: Answer
    precision: Answer
    quotes: Answer
    asked_for: Answer
    audit: Answer
    twins: Answer
    swallowed: Answer


QUERIES = tuple(field.name for field in fields(Findings))


def render(findings: Findings, *, title: str, dated: str = "") -> str:
    """The report as one HTML document without external resources.

    Args:
        findings: The rows of every query; all may be empty except `overview`, with one row, and `kinds`, with one
            per kind.
        title: The heading.
        dated: The report's date; empty prints none, so equal findings give equal bytes.
    """
    page = _environment().get_template("report.html")
    return page.render(
        findings=findings,
        title=title,
        dated=dated,
        overview=findings.overview.rows[0],
        kind_titles={row["kind"]: KIND_TITLES[row["kind"]] for row in findings.kinds.rows},
        purpose_titles=PURPOSE_TITLES,
        totals={row["kind"]: row for row in findings.kinds.rows},
        prevalent=by(findings.prevalent.rows, "kind"),
        interesting=by(findings.interesting.rows, "kind"),
        members=by(findings.members.rows, "cluster_id"),
        excerpts=by(findings.excerpts.rows, "cluster_id"),
        areas=by([row for row in findings.parents.rows if row["level"] == "area"], "kind"),
        themes=by([row for row in findings.parents.rows if row["level"] == "theme"], "kind", "area_id"),
        tree=by(findings.tree.rows, "theme_id"),
        contrasts=by(findings.contrasts.rows, "cluster_id"),
        surprising=by(findings.surprising.rows, "left_kind", "right_kind"),
        obvious=by(findings.obvious.rows, "left_kind", "right_kind"),
        pair_counts={(row["left_kind"], row["right_kind"]): row for row in findings.pair_counts.rows},
        directions=(("user", "thought"), ("user", "response"), ("thought", "response")),
        private=sum(row["n_private"] for row in findings.private.rows),
        agreement=findings.agreement.rows[0] if findings.agreement.rows else None,
        baseline=baseline(findings.raters.rows),
        sizes_end=log_scale([row["size_largest"] for row in findings.audit.rows]),
        odds_end=log_scale([row["odds_ratio_high"] for row in findings.surprising.rows]),
    )


def by(rows: Sequence[Row], *keys: str) -> dict[Any, list[Row]]:
    """Group rows by one key, or by a tuple of several keys, in their order."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        key = row[keys[0]] if len(keys) == 1 else tuple(row[name] for name in keys)
        groups.setdefault(key, []).append(row)
    return groups


def baseline(raters: Sequence[Row]) -> str:
    """The first words of the notice about what built-in rules did; empty if nothing."""
    of_purpose = {
        purpose: {row["model"].startswith(BUILT_IN) for row in rows} for purpose, rows in by(raters, "purpose").items()
    }
    if of_purpose.get("rate") == {True}:
        return "Rated"
    if True in of_purpose.get("rate", set()):
        return "Rated in part"
    named, scored = (True in of_purpose.get(purpose, set()) for purpose in ("name", "interest"))
    return "Named and scored" if named and scored else "Named" if named else "Scored for interest" if scored else ""


def visible(value: object) -> object:
    """A value to print: invisible characters become their code points, None becomes empty.

    Markup and values other than text stay unchanged.
    """
    if value is None:
        return ""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "".join(map(_shown, value))


def _shown(character: str) -> str:
    hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"} and character not in _HARMLESS
    return f"⟨U+{ord(character):04X}⟩" if hidden else character


def cut(text: str | None, length: int) -> str:
    """Text up to a number of characters, with an ellipsis if it is cut."""
    folded = " ".join((text or "").split())
    return folded if len(folded) <= length else folded[: length - 1].rstrip() + "…"


def count(value: float | None) -> str:
    """An integer with thousands separators."""
    return "–" if value is None else f"{int(value):,}"


def counted(value: int, noun: str) -> str:
    """A number with its noun, with a plural in -s."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal; only exactly 0 and 1 print as 0% and 100%."""
    if share is None:
        return "–"
    if share in (0, 1):
        return f"{share:.0%}"
    return "<0.1%" if share < 0.001 else ">99.9%" if share > 0.999 else f"{share:.1%}"


def figure(value: float | None) -> str:
    """A number to about two significant digits, without an exponent."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    # The bounds include rounding: 9.96 prints as 10, not as 10.0.
    size = abs(value)
    return f"{value:,.0f}" if size >= 9.95 else f"{value:.1f}" if size >= 0.995 else f"{value:.2f}"


def chance(q_value: float) -> str:
    """A q-value with its sign of comparison."""
    return "< 0.001" if q_value < 0.001 else f"= {q_value:.3f}"


def dollars(value: float | None) -> str:
    """An amount in dollars; amounts under a cent print as <$0.01."""
    if value is None:
        return "unknown"
    return "<$0.01" if 0 < value < 0.01 else f"${value:,.2f}"


def scale(values: Sequence[float]) -> float:
    """The upper end of an axis of shares: the smallest of 1, 2, 5, 10, 20, 50, 100 % above every value."""
    highest = max(values, default=1.0)
    return next((end for end in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if highest <= end), 1.0)


def log_scale(values: Sequence[float]) -> float:
    """The power of ten that ends a logarithmic axis from 1: at least 10, at most 10,000."""
    highest = max(values, default=10.0)
    return next((end for end in (10.0, 100.0, 1_000.0) if highest <= end), 10_000.0)


def along(value: float, end: float) -> str:
    """The position of a value on an axis from 0 to `end`, as a percentage of its length."""
    return f"{100 * min(max(value / end, 0.0), 1.0):.2f}%"


def log_along(value: float, end: float) -> str:
    """The position of a value on a logarithmic axis from 1 to `end`, as a percentage of its length."""
    return along(math.log(max(value, 1.0)), math.log(end))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for shown in (cut, count, counted, percent, figure, chance, dollars, scale, along, log_along):
        environment.filters[shown.__name__] = shown
    return environment

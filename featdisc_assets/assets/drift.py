"""Drift: the prevalence of each cluster in a later group of transcripts against an earlier one."""

from itertools import pairwise

import dagster as dg
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.plots import volcano
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.statistics import contrasts
from featdisc_assets.tables import CLUSTER_TABLES


class DriftConfig(dg.Config):
    """Which groups are compared."""

    column: str = Field(
        default="period",
        description="Column that orders transcripts: period, or source, model or a metadata field to compare two values"
        " of it, before and after a change.",
    )
    earlier: str = Field(
        default="",
        description="The value before the change, such as a source or model. Empty compares all consecutive periods.",
    )
    later: str = Field(default="", description="The value after the change. Set both values or neither.")
    period: str = Field(default="month", description="Length of a period: day, week, month, quarter or year.")
    min_transcripts: int = Field(default=20, ge=1, description="Leave out periods with fewer transcripts than this.")
    stratify_by: str = Field(
        default="", description="Stratify by this column, such as language or model. Empty does not stratify."
    )
    min_support: int = Field(
        default=5, ge=1, description="Test only clusters in at least this many transcripts of both sides together."
    )


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scipy"},
    deps=[*CLUSTER_TABLES, "transcripts", "transcript_groups"],
    code_version=code_version(DriftConfig, contrasts, read_sql("read/comparisons"), read_sql("read/group_contrasts")),
)
def drift(context: dg.AssetExecutionContext, config: DriftConfig, warehouse: WarehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster and pair of consecutive groups: its prevalence before and after, with a test."""
    db = warehouse.open()
    chosen = {"grouped_by": [config.column], "period": config.period}
    groups = {row["group_value"]: row["n_transcripts"] for row in db.rows(read_sql("read/comparisons"), None, chosen)}
    steps = _steps(groups, config)
    if not steps:
        context.log.info(
            f"{config.column}: {len(groups):,} groups, fewer than two of them with {config.min_transcripts}"
            " transcripts, nothing to compare"
        )
    asked = [{"grouped_by": config.column, "group_value": later, "versus": earlier} for earlier, later in steps]
    found = db.schema("drift").empty_table()
    if asked:
        counts = db.read(
            read_sql("read/group_contrasts"),
            variables={"comparisons": asked, "stratify_by": config.stratify_by or None, "period": config.period},
        )
        found = contrasts.contrast_groups(counts, family=["versus", "group_value"], min_support=config.min_support)
        found = found.rename_columns([_NAMES.get(name, name) for name in found.column_names])
    db.replace({"drift": found})
    changed = pc.sum(pc.less(found["q_value"], 0.05)).as_py() or 0
    context.log.info(f"{len(steps):,} steps, {changed:,} significant changes")
    return materialized(
        context,
        db,
        "drift",
        preview=_LARGEST,
        figures={"steps": len(steps), "significant": changed} | volcano(found["odds_ratio"], found["q_value"], "drift"),
    )


_NAMES = {
    "group_value": "later", "versus": "earlier", "n_in": "n_later", "k_in": "k_later", "n_out": "n_earlier",
    "k_out": "k_earlier",
}  # fmt: skip
_LARGEST = """
select earlier, later, kind, label, k_earlier / n_earlier as before, k_later / n_later as after, q_value
from drift left join cluster_names using (cluster_id)
where q_value < 0.05 order by abs(difference) desc limit 15"""


def _steps(groups: dict[str, int], config: DriftConfig) -> list[tuple[str, str]]:
    """Earlier and later value of each comparison.

    Raises:
        dg.Failure: If only one value is set, or a value that no transcript has.
    """
    if not config.earlier and not config.later:
        large = sorted(group for group, n in groups.items() if n >= config.min_transcripts)
        return list(pairwise(large)) if config.column == "period" else []
    for name in (config.earlier, config.later):
        if name not in groups:
            values = ", ".join(sorted(groups)[:10]) or "none"
            raise dg.Failure(
                f"drift compares {config.column} {name or '(empty)'!r}, which no transcript has; set"
                f" drift.earlier and drift.later to two of: {values}."
            )
    return [(config.earlier, config.later)]

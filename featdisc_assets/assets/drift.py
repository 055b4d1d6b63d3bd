"""What changed: the prevalence of each cluster in a later group of transcripts against an earlier one."""

from itertools import pairwise

import dagster as dg
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.plots import volcano
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.statistics import tabulating
from featdisc_assets.statistics.tabulating import contrasted
from featdisc_assets.tables import CLUSTER_TABLES


class DriftConfig(dg.Config):
    """What is held against what."""

    column: str = Field(
        default="period",
        description="What puts transcripts in order: period, or source, model or a metadata field for two runs before"
        " and after a change.",
    )
    earlier: str = Field(
        default="", description="The value before a change, such as a source or model; empty compares all in order."
    )
    later: str = Field(default="", description="The value after it; give both or neither.")
    period: str = Field(default="month", description="How long a period is: day, week, month, quarter or year.")
    min_transcripts: int = Field(
        default=20, ge=1, description="Periods with fewer transcripts are left out of the comparison."
    )
    stratify_by: str = Field(
        default="", description="Compare only within equal values of this column, such as language or model."
    )
    min_support: int = Field(
        default=5, ge=1, description="Fewest transcripts, of both sides together, that must show a cluster."
    )


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scipy"},
    deps=[*CLUSTER_TABLES, "transcripts", "transcript_groups"],
    code_version=code_version(DriftConfig, tabulating, read_sql("read/comparisons"), read_sql("read/group_contrasts")),
)
def drift(context: dg.AssetExecutionContext, config: DriftConfig, warehouse: WarehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster and two groups in order (periods, or before and after): did its prevalence change?"""
    db = warehouse.open()
    chosen = {"grouped_by": [config.column], "period": config.period}
    groups = {row["group_value"]: row["n_transcripts"] for row in db.rows(read_sql("read/comparisons"), None, chosen)}
    steps = _steps(groups, config)
    if not steps:
        context.log.info(
            f"{config.column}: {len(groups):,} groups, of which fewer than two have {config.min_transcripts}"
            " transcripts, so there is no earlier and later to compare"
        )
    asked = [{"grouped_by": config.column, "group_value": later, "versus": earlier} for earlier, later in steps]
    found = db.schema("drift").empty_table()
    if asked:
        counts = db.read(
            read_sql("read/group_contrasts"),
            variables={"comparisons": asked, "stratify_by": config.stratify_by or None, "period": config.period},
        )
        found = contrasted(counts, family=["versus", "group_value"], min_support=config.min_support)
        found = found.rename_columns([_NAMES.get(name, name) for name in found.column_names])
    db.replace({"drift": found})
    changed = pc.sum(pc.less(found["q_value"], 0.05)).as_py() or 0
    context.log.info(f"{len(steps):,} steps, {changed:,} changes beyond chance")
    return materialized(
        context,
        db,
        "drift",
        preview=_LARGEST,
        figures={"steps": len(steps), "beyond chance": changed}
        | volcano(found["odds_ratio"], found["q_value"], "drift"),
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
    """Earlier and later of each comparison.

    Raises:
        dg.Failure: A value that no transcript has, or only one of the two.
    """
    if not config.earlier and not config.later:
        large = sorted(group for group, n in groups.items() if n >= config.min_transcripts)
        return list(pairwise(large)) if config.column == "period" else []
    for name in (config.earlier, config.later):
        if name not in groups:
            known = ", ".join(sorted(groups)[:10]) or "none"
            raise dg.Failure(
                f"drift compares {config.column} {name or '(empty)'!r}, which no transcript has; give two of these as"
                f" earlier and later: {known}."
            )
    return [(config.earlier, config.later)]

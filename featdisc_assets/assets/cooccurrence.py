"""Co-occurrence: pairs of clusters of two kinds in the same transcripts."""

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.plots import volcano
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.statistics import association, columns
from featdisc_assets.statistics.columns import positions_of, with_columns
from featdisc_assets.tables import CLUSTER_TABLES
from featdisc_assets.warehouse import Matrix, Warehouse

DIRECTIONS = (("user", "thought"), ("user", "response"), ("thought", "response"))


class SupportConfig(dg.Config):
    """Which pairs are tested."""

    min_support: int = Field(
        default=5,
        ge=1,
        description="Test only clusters, and pairs, in at least this many transcripts. Raise it to test fewer.",
    )


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scipy"},
    deps=[*CLUSTER_TABLES, "transcripts"],
    code_version=code_version(SupportConfig, association, columns, read_sql("read/cooccurrence")),
)
def cooccurrence(
    context: dg.AssetExecutionContext, config: SupportConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per pair of clusters of two kinds in the same transcripts: lift, odds ratio, exact test, q-value."""
    db = warehouse.open()
    ids, centroids = db.matrix("select cluster_id, centroid as vector from clusters order by cluster_id")
    tested = []
    for left, right in DIRECTIONS:
        pairs = pairs_of(db, left, right, ids, centroids, min_support=config.min_support)
        found = pc.sum(pc.less(pairs["q_value"], 0.05)).as_py() or 0
        context.log.info(
            f"{left} and {right}: {len(pairs):,} pairs of clusters tested, {found:,} significant"
            if len(pairs)
            else f"{left} and {right}: no pair of clusters occurs in {config.min_support} transcripts rated in both"
            " kinds"
        )
        tested.append(pairs)
    together = pa.concat_tables(tested)
    db.replace({"cooccurrence": together})
    preview = """
        select left_kind, left_label, right_kind, right_label, n_both, lift, odds_ratio_low, q_value
        from surprising_pairs limit 15"""
    return materialized(
        context,
        db,
        "cooccurrence",
        preview=preview,
        figures={"significant": pc.sum(pc.less(together["q_value"], 0.05)).as_py() or 0}
        | volcano(together["odds_ratio"], together["q_value"], "cooccurrence"),
    )


def pairs_of(db: Warehouse, left: str, right: str, ids: pa.Array, centroids: Matrix, *, min_support: int) -> pa.Table:
    """The pairs of one direction with their figures; the family of tests is every pair that could co-occur."""
    counts = db.read(
        read_sql("read/cooccurrence"), variables={"min_support": min_support, "left_kind": left, "right_kind": right}
    )
    numbers = (counts[name].to_numpy() for name in ("n_transcripts", "n_left", "n_right", "n_both"))
    figures = association.associate(*numbers, two_sided=False, design_effect=counts["design_effect"].to_numpy())
    n_tests = int(counts["n_tests"][0].as_py()) if len(counts) else 0
    return with_columns(
        counts.drop_columns(["n_tests"]),
        {
            "lift": figures.lift,
            "odds_ratio": figures.odds_ratio,
            "odds_ratio_low": figures.low,
            "odds_ratio_high": figures.high,
            "p_value": figures.p_value,
            "q_value": association.false_discovery(figures.p_value, n_tests=n_tests),
            "similarity": association.pair_similarity(
                centroids, positions_of(ids, counts["left_cluster_id"]), positions_of(ids, counts["right_cluster_id"])
            ),
        },
    )

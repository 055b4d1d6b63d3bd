"""What goes with what: pairs of clusters, differences between groups, and what the user's turns predict."""

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from scipy import sparse

from featdisc_assets.assets.showing import materialized
from featdisc_assets.home_settings import settings_of
from featdisc_assets.places import read_sql
from featdisc_assets.resources import WarehouseResource
from featdisc_assets.stages import association, probing
from featdisc_assets.versions import code_version
from featdisc_assets.warehouse import Warehouse

CLUSTER_TABLES = ["clusters", "cluster_members", "features", "rated_texts"]


class SupportConfig(dg.Config):
    """What is too rare to test."""

    min_support: int = Field(
        default=5, ge=1, description="Fewest transcripts that must show a cluster, or both of a pair, for a test."
    )


@settings_of("cooccurrence")
class PairConfig(SupportConfig):
    """Which pairs of clusters are tested."""


@settings_of("group_contrasts")
class ContrastConfig(SupportConfig):
    """Which contrasts are tested."""


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scipy"},
    deps=CLUSTER_TABLES,
    code_version=code_version(PairConfig, association, read_sql("tables/cooccurrence")),
)
def cooccurrence(
    context: dg.AssetExecutionContext, config: PairConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per pair of clusters of two kinds that occur together: lift, odds ratio, exact test, q-value."""
    db = warehouse.open()
    counts = db.read(read_sql("tables/cooccurrence"), variables={"min_support": config.min_support})
    numbers = (counts[name].to_numpy() for name in ("n_transcripts", "n_left", "n_right", "n_both"))
    figures = association.associate(*numbers, two_sided=False)
    ids, centroids = db.matrix("select cluster_id, centroid as vector from clusters order by cluster_id")
    similarity = association.pair_similarity(
        centroids, _rows(ids, counts["left_cluster_id"]), _rows(ids, counts["right_cluster_id"])
    )
    q_value = _q_values(counts, ["left_kind", "right_kind"], figures.p_value, family_size=counts["n_tests"].to_numpy())
    tested = _with_columns(
        counts.drop_columns(["n_tests"]),
        _columns(figures) | {"lift": figures.lift, "q_value": q_value, "similarity": similarity},
    )
    db.replace({"cooccurrence": tested})
    found = int((q_value < 0.05).sum())
    context.log.info(f"{len(counts):,} pairs of clusters tested, {found:,} together more often than chance allows")
    return materialized(
        context,
        db,
        "cooccurrence",
        preview="""
            select left_kind, left_label, right_kind, right_label, n_both, lift, odds_ratio_low, q_value
            from surprising_pairs limit 15""",
    )


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scipy"},
    deps=[*CLUSTER_TABLES, "transcripts"],
    code_version=code_version(ContrastConfig, association, read_sql("tables/group_contrasts")),
)
def group_contrasts(
    context: dg.AssetExecutionContext, config: ContrastConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per model (or source) and cluster: its prevalence there against everywhere else, tested."""
    db = warehouse.open()
    counts = db.read(read_sql("tables/group_contrasts"), variables={"min_support": config.min_support})
    n_in, k_in, n_out, k_out = (counts[name].to_numpy() for name in ("n_in", "k_in", "n_out", "k_out"))
    figures = association.associate(n_in + n_out, n_in, k_in + k_out, k_in, two_sided=True)
    q_value = _q_values(counts, ["grouped_by"], figures.p_value)
    difference = k_in / np.maximum(n_in, 1) - k_out / np.maximum(n_out, 1)
    db.replace(
        {"group_contrasts": _with_columns(counts, _columns(figures) | {"difference": difference, "q_value": q_value})}
    )
    context.log.info(f"{len(counts):,} contrasts tested, {int((q_value < 0.05).sum()):,} beyond chance")
    return materialized(
        context,
        db,
        "group_contrasts",
        preview="""
            select grouped_by, group_value, kind, label, k_in / n_in as prevalence, k_out / n_out as elsewhere, q_value
            from group_contrasts left join cluster_names using (cluster_id)
            where q_value < 0.05 order by odds_ratio_low desc limit 15""",
    )


@settings_of("probes")
class ProbeConfig(dg.Config):
    """How the probes are trained and held to account."""

    max_targets: int = Field(default=1_000, ge=1, description="The most common thought and response clusters probed.")
    min_positive: int = Field(default=10, ge=4, description="Fewest transcripts that must show a target.")
    folds: int = Field(
        default=5, ge=2, le=20, description="Parts that groups are split into; one is held out at a time."
    )
    tested_folds: int = Field(
        default=0,
        ge=0,
        le=20,
        description="How many parts are held out in turn; 0 takes all below 2,000 transcripts, and one above.",
    )
    c: float = Field(default=0.3, gt=0, description="Inverse strength of the L2 penalty: smaller is simpler.")
    n_weights: int = Field(default=5, ge=1, le=50, description="Largest weights kept of each probe.")
    seed: int = Field(default=0, description="Of the split and of the shuffled labels.")


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scikitlearn"},
    deps=[*CLUSTER_TABLES, "transcripts"],
    code_version=code_version(
        ProbeConfig, probing, *(read_sql(f"tables/probe_{part}") for part in ("targets", "transcripts", "cells"))
    ),
)
def probes(
    context: dg.AssetExecutionContext, config: ProbeConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per thought or response cluster: do the clusters of the user's turns predict it on unseen groups?"""
    db = warehouse.open()
    targets = db.rows(
        read_sql("tables/probe_targets"),
        variables={"max_targets": config.max_targets, "min_positive": config.min_positive},
    )
    rows = []
    for kind in ("thought", "response"):
        wanted = [target["cluster_id"] for target in targets if target["kind"] == kind]
        if wanted:
            rows += _probe_kind(context, db, kind, wanted, config)
    db.replace({"probes": pa.Table.from_pylist(rows, schema=db.schema("probes"))})
    return materialized(
        context,
        db,
        "probes",
        preview="select * exclude (target_cluster_id) from probes_worth_reading limit 15",
        figures={"targets": len(rows)},
    )


def _probe_kind(
    context: dg.AssetExecutionContext, db: Warehouse, kind: str, targets: list[str], config: ProbeConfig
) -> list[dict[str, object]]:
    people = db.read(read_sql("tables/probe_transcripts"), variables={"target_kind": kind})
    cells = db.read(read_sql("tables/probe_cells"), variables={"target_kind": kind})
    columns = sorted(set(cells.filter(pc.equal(cells["kind"], "user"))["cluster_id"].to_pylist()))
    x = _incidence(cells, people["transcript_id"], columns)
    y = _incidence(cells, people["transcript_id"], targets).tocsc()
    fold = probing.fold_of(people["unit"].to_pylist(), folds=config.folds, seed=config.seed)
    tested = config.tested_folds or (config.folds if len(people) < 2_000 else 1)
    found = []
    for column, cluster_id in enumerate(targets):
        result = probing.probe(
            x,
            np.asarray(y[:, [column]].todense()).ravel() > 0,
            people["n_chars"].to_numpy().astype(np.float64),
            fold,
            tested_folds=min(tested, config.folds),
            c=config.c,
            n_weights=config.n_weights,
            seed=config.seed,
        )
        found.append(_as_row(result, cluster_id, kind, len(people), columns))
        if (column + 1) % 100 == 0 or column + 1 == len(targets):
            context.log.info(f"{kind}: {column + 1:,} of {len(targets):,} clusters probed")
    return found


def _as_row(result: probing.Probe, cluster_id: str, kind: str, n: int, columns: list[str]) -> dict[str, object]:
    row = {name: getattr(result, name) for name in result.__slots__ if name != "weights"}
    weights = [{"cluster_id": columns[i], "weight": weight} for i, weight in result.weights]
    return row | {"target_cluster_id": cluster_id, "target_kind": kind, "n_transcripts": n, "top_weights": weights}


def _incidence(cells: pa.Table, transcripts: pa.ChunkedArray, clusters: list[str]) -> sparse.csr_matrix:
    """Transcripts x clusters, 1 where the transcript shows the cluster."""
    wanted = cells.filter(pc.is_in(cells["cluster_id"], pa.array(clusters, pa.string())))
    i, j = _rows(transcripts, wanted["transcript_id"]), _rows(pa.array(clusters, pa.string()), wanted["cluster_id"])
    return sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(len(transcripts), len(clusters)))


def _rows(ids: pa.Array | pa.ChunkedArray, wanted: pa.ChunkedArray) -> association.Counts:
    rows: association.Counts = pc.index_in(wanted, value_set=pa.array(ids)).to_numpy().astype(np.int64)
    return rows


def _columns(figures: association.Association) -> dict[str, object]:
    return {
        "odds_ratio": figures.odds_ratio,
        "odds_ratio_low": figures.low,
        "odds_ratio_high": figures.high,
        "p_value": figures.p_value,
    }


def _with_columns(table: pa.Table, columns: dict[str, object]) -> pa.Table:
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def _q_values(
    counts: pa.Table, family: list[str], p_value: association.Reals, *, family_size: association.Counts | None = None
) -> association.Reals:
    """False-discovery control within each family of tests."""
    names = np.array(["\x1f".join(row.values()) for row in counts.select(family).to_pylist()], dtype=object)
    q_value = np.ones(len(p_value))
    for name in sorted(set(names)):
        rows = names == name
        n_tests = int(family_size[rows][0]) if family_size is not None else int(rows.sum())
        q_value[rows] = association.false_discovery(p_value[rows], n_tests=n_tests)
    return q_value

"""Probes: does the user's side predict clusters of thoughts and responses? One logistic regression per cluster."""

from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from scipy import sparse

from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.plots import calibration_curve, histogram
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import probing
from featdisc_assets.statistics import association
from featdisc_assets.tables import CLUSTER_TABLES
from featdisc_assets.warehouse import Warehouse


class ProbeConfig(dg.Config):
    """How probes are trained and evaluated."""

    kinds: list[str] = Field(default=["thought", "response"], description="Kinds whose clusters to predict.")
    inputs: list[str] = Field(
        default=["user"],
        description="Predictors, each a set of kinds: user; add user+thought to predict responses from both.",
    )
    max_targets: int = Field(
        default=1_000,
        ge=1,
        description="Maximum number of clusters to probe, the most common first. Lower it to save time.",
    )
    min_positive: int = Field(default=10, ge=4, description="Probe only clusters in at least this many transcripts.")
    folds: int = Field(
        default=5, ge=2, le=20, description="Number of cross-validation folds that groups are split into."
    )
    tested_folds: int = Field(
        default=0,
        ge=0,
        le=20,
        description="Number of folds to hold out in turn. 0 holds out all below 2,000 groups, and one above.",
    )
    c: list[float] = Field(
        default=[0.01, 0.03, 0.1, 0.3, 1.0],
        min_length=1,
        description="Inverse strengths of the L2 penalty; the best is chosen within the training groups. Smaller values"
        " give simpler probes.",
    )
    n_weights: int = Field(default=5, ge=1, le=50, description="Number of largest weights to keep of each probe.")
    n_draws: int = Field(default=400, ge=100, description="Bootstrap draws of held-out groups for each interval.")
    threads: int = Field(
        default=2, ge=1, le=64, description="Blocks of targets to fit in parallel. Set it to the number of free cores."
    )
    seed: int = Field(default=0, description="Random seed of the split, the shuffled labels and the bootstrap draws.")


@dg.asset(
    group_name="analysis",
    kinds={"duckdb", "scikitlearn"},
    deps=[*CLUSTER_TABLES, "transcripts", "text_languages"],
    code_version=code_version(
        ProbeConfig,
        probing,
        association,
        *(read_sql(f"read/probe_{part}") for part in ("targets", "transcripts", "cells")),
    ),
)
def probes(
    context: dg.AssetExecutionContext, config: ProbeConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per thought or response cluster and set of inputs: how well they predict it on held-out groups."""
    db = warehouse.open()
    targets = db.rows(
        read_sql("read/probe_targets"),
        variables={
            "max_targets": config.max_targets, "min_positive": config.min_positive, "target_kinds": config.kinds
        },
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    calibration = np.zeros((3, 20))
    for inputs in config.inputs:
        for kind in ("thought", "response"):
            wanted = [target["cluster_id"] for target in targets if target["kind"] == kind]
            if wanted and kind not in inputs.split("+"):
                found, binned = _probe_kind(context, db, kind, wanted, inputs, config)
                rows += found
                calibration += binned
    add_chance_tests(rows)
    db.replace({"probes": pa.Table.from_pylist(rows, schema=db.schema("probes"))})
    worth = db.scalar("select count(*) from probes_worth_reading")
    context.log.info(f"{worth:,} of {len(rows):,} probes beat every baseline by their interval, and chance at q < 0.05")
    preview = "select * exclude (target_cluster_id) from probes_worth_reading limit 15"
    return materialized(
        context,
        db,
        "probes",
        preview=preview,
        figures={"targets": len(rows), "worth reading": worth}
        | histogram([row["f1"] for row in rows if row["f1"] is not None], "F1 on held-out groups", "probes")
        | calibration_curve(calibration),
    )


def _probe_kind(
    context: dg.AssetExecutionContext, db: Warehouse, kind: str, targets: list[str], inputs: str, config: ProbeConfig
) -> tuple[list[dict[str, Any]], association.Reals]:
    chosen = {"target_kind": kind, "input_kinds": inputs.split("+")}
    people = db.read(read_sql("read/probe_transcripts"), variables=chosen)
    cells = db.read(read_sql("read/probe_cells"), variables=chosen)
    columns = sorted(pc.unique(cells.filter(pc.not_equal(cells["kind"], kind))["cluster_id"]).to_pylist())
    groups = pc.count_distinct(people["unit"]).as_py()
    tested = min(config.tested_folds or (config.folds if groups < 2_000 else 1), config.folds)
    results, calibration = probing.probe_all(
        _incidence(cells, people["transcript_id"], columns),
        _baseline(people),
        _incidence(cells, people["transcript_id"], targets).tocsc(),
        people["unit"].to_pylist(),
        folds=config.folds,
        knobs=probing.Knobs(
            tested_folds=tested,
            tuning_folds=4,
            # With few groups, one quarter is too small to choose the penalty on.
            tuned_folds=4 if groups < 400 else 1,
            c=tuple(sorted(config.c)),
            n_weights=config.n_weights,
            n_draws=config.n_draws,
            seed=config.seed,
        ),
        threads=config.threads,
        report=lambda done: context.log.info(f"{inputs} to {kind}: {done:,} of {len(targets):,} clusters probed"),
    )
    named = zip(results, targets, strict=True)
    return [_as_row(result, id_, kind, inputs, len(people), columns) for result, id_ in named], calibration


def _as_row(
    result: probing.Probe, cluster_id: str, kind: str, inputs: str, n: int, columns: list[str]
) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in result.__slots__ if name != "weights"}
    weights = [{"cluster_id": columns[i], "weight": weight} for i, weight in result.weights]
    return row | {
        "target_cluster_id": cluster_id, "target_kind": kind, "inputs": inputs, "n_transcripts": n,
        "top_weights": weights, "p_value": None, "q_value": None,
    }  # fmt: skip


def add_chance_tests(rows: list[dict[str, Any]]) -> None:
    """Test on held-out groups whether transcripts that a probe calls positive show its target more often than others.

    Args:
        rows: Fields of `probing.Probe`; those with a score get `p_value` and `q_value`, in place.
    """
    scored = [row for row in rows if row["f1"] is not None]
    if not scored:
        return
    counts = {
        name: np.array([row[name] for row in scored], np.int64)
        for name in ("n_tested", "n_chosen", "n_positive_tested", "n_hits")
    }
    shown, shown_sizes, called, called_sizes, sizes = np.array([row["alike"] for row in scored], np.float64).T
    n = counts["n_tested"].astype(np.float64)
    rho = [
        association.intra_group_correlation(n, counts[name].astype(np.float64), squares, products, sizes)
        for name, squares, products in (
            ("n_chosen", called, called_sizes), ("n_positive_tested", shown, shown_sizes)
        )
    ]  # fmt: skip
    effect = np.maximum(association.design_effect(sizes / n - 1, *rho), 1.0)
    figures = association.associate(*counts.values(), two_sided=False, design_effect=effect)
    q_value = association.false_discovery(figures.p_value, n_tests=len(scored))
    for row, p, q in zip(scored, figures.p_value, q_value, strict=True):
        row["p_value"], row["q_value"] = float(p), float(q)


def _incidence(cells: pa.Table, transcripts: pa.ChunkedArray, clusters: list[str]) -> sparse.csr_matrix:
    """Transcripts x clusters, 1 where the transcript shows the cluster."""
    names = pa.array(clusters, pa.string())
    i, j = (
        pc.index_in(cells[column], value_set=pa.array(among)).fill_null(-1).to_numpy().astype(np.int64)
        for column, among in (("transcript_id", transcripts.combine_chunks()), ("cluster_id", names))
    )
    is_listed = (i >= 0) & (j >= 0)
    ones = np.ones(int(is_listed.sum()), np.float32)
    return sparse.csr_matrix((ones, (i[is_listed], j[is_listed])), shape=(len(transcripts), len(clusters)))


def _baseline(people: pa.Table) -> sparse.csr_matrix:
    """Baseline features: the length of the inputs (standardised logarithm), their language, and the model."""
    length = np.log1p(people["n_chars"].to_numpy().astype(np.float64))
    spread = length.std() if len(length) else 0.0
    columns = [sparse.csr_matrix(((length - length.mean()) / spread if spread > 0 else length * 0)[:, None])]
    for name in ("language", "model"):
        codes = people[name].combine_chunks().dictionary_encode()
        n = len(people)
        columns.append(
            sparse.csr_matrix((np.ones(n), (np.arange(n), codes.indices.to_numpy())), shape=(n, len(codes.dictionary)))
        )
    return sparse.hstack(columns).tocsr()

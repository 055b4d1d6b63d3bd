"""Vectors to clusters."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Frame
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import cluster_ids
from featdisc_assets.stages import clustering as stage
from featdisc_assets.transcript import ALL_KINDS, KINDS
from featdisc_assets.warehouse import Warehouse, insert


class ClusterConfig(dg.Config):
    """How features are grouped."""

    method: str = Field(
        default="auto",
        pattern="^(auto|leiden|two_level|kmeans|hdbscan)$",
        description="auto is what did best at that size on a planted benchmark: Ward's criterion (two_level) up to"
        " 6,000 features of a kind, leiden (communities of nearest neighbours) up to 400,000, above that two_level, by"
        " then over centres of many small clusters. kmeans and hdbscan are there for comparison; hdbscan leaves many"
        " features out.",
    )
    target_features_per_cluster: int = Field(
        default=0,
        ge=0,
        description="Wanted number of distinct features in a cluster: smaller is finer. 0 chooses it from the data.",
    )
    target_by_kind: dict[str, int] = Field(
        default={},
        description="The same for one kind, where it should differ: {user: 30}; kinds are user, thought, response.",
    )
    keep_senses_apart: bool = Field(
        default=True,
        description="Features of opposite sense (flatters, avoids flattering; formal, casual; long, short), of absence"
        " and of refusal never share a cluster. Off, the embedding alone decides, and it puts many of them together.",
    )
    min_similarity: float = Field(
        default=0.1,
        ge=-1,
        le=1,
        description="A feature less similar than this to its cluster's centre stays unassigned.",
    )
    remove_components: int = Field(
        default=5, ge=0, le=50, description="Leading principal components taken out of the vectors before clustering."
    )
    seed: int = Field(default=0, description="Of the clustering; the same seed gives the same clusters.")
    refit: bool = Field(
        default=True,
        description="Off: new features only join the clusters that exist, or none, and no cluster is made.",
    )
    warm: bool = Field(
        default=True,
        description="Refits start from the clusters that exist, so that ids stay; off: each starts from nothing.",
    )


CLUSTERS_VERSION = code_version(ClusterConfig, stage, cluster_ids, read_sql("fill/clusters"))


@dg.multi_asset(
    name="clusters",
    group_name="clusters",
    specs=[
        dg.AssetSpec(
            "clusters",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per cluster of features of one kind, with its size, coherence and centre.",
        ),
        dg.AssetSpec(
            "cluster_members",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per feature: its cluster, or null where it is near none.",
        ),
        dg.AssetSpec(
            "cluster_lineage",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb"},
            description="One row per refit, cluster and ancestor: kept, split, merged, born or died.",
        ),
    ],
)
def clusters(
    context: dg.AssetExecutionContext, config: ClusterConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Cluster the features of each kind; a cluster that keeps most of its members keeps its id."""
    db = warehouse.open()
    _check_kinds(config)
    fits = []
    for kind in ALL_KINDS:
        # Large ones take minutes, and whoever waits should know for what.
        if n := db.scalar("select count(*) from vocabulary where kind = $1", [kind]):
            context.log.info(f"{kind}: clustering {n:,} features, {stage.method_for(config.method, n)}")
        fit = fit_kind(db, kind, config)
        fits.append(fit)
        context.log.info(
            f"{fit.kind}: {len(fit.feature_ids):,} features in {len(fit.ids):,} clusters ({fit.way}),"
            f" {int((fit.found.labels < 0).sum()):,} near none of them"
        )
    _write(db, fits)
    yield materialized(
        context,
        db,
        "clusters",
        preview="""
            select kind, count(*) as clusters, sum(n_features) as features, max(n_transcripts) as widest,
                avg(coherence) as mean_coherence
            from clusters group by kind order by kind""",
    )
    yield materialized(context, db, "cluster_members")
    yield materialized(
        context,
        db,
        "cluster_lineage",
        preview="select refit, kind, event, count(*) as clusters from cluster_lineage group by all order by all",
    )


@dataclasses.dataclass(frozen=True, slots=True)
class KindFit:
    """The clusters of one kind, with their ids and how they were come by."""

    kind: str
    feature_ids: pa.Array
    found: stage.Clustering
    ids: list[str]
    way: str
    method: str
    settings: str
    encoder: str
    descent: list[cluster_ids.Descent]


def fit_kind(db: Warehouse, kind: str, config: ClusterConfig) -> KindFit:
    """Cluster one kind: from nothing, warm from the last fit, or by assigning to it."""
    feature_ids, vectors = db.matrix(VECTORS_OF_KIND, [kind])
    names = feature_ids.to_pylist()
    points = Points.unsigned(vectors)
    if config.keep_senses_apart and names:
        points = Points.of(vectors, db.read(TEXTS_OF_KIND, [kind])["text"].to_pylist())
    earlier = _earlier(db, kind)
    target = config.target_by_kind.get(kind, config.target_features_per_cluster)
    knobs: dict[str, Any] = {
        "method": config.method,
        "target_features_per_cluster": target,
        "min_similarity": config.min_similarity,
        "remove_components": config.remove_components,
        "seed": config.seed,
    }
    settings = json.dumps(knobs | {"keep_senses_apart": config.keep_senses_apart}, sort_keys=True)
    encoder = str(db.scalar("select any_value(encoder) from encoders where is_current") or "")
    last = _last_frame(db, kind, encoder=encoder, settings=settings if config.refit else None)
    if last is None or not earlier or not (config.warm or not config.refit):
        way, found = "from nothing", stage.fit(points, **knobs)
    else:
        labels = _labels_of(names, earlier)
        if not config.refit:
            way, found = "assigned", stage.assign(points, labels, last, min_similarity=config.min_similarity)
        else:
            way, found = "warm", stage.refit(points, labels, last, **knobs)
    ids = cluster_ids.name_clusters(names, found.labels, kind=kind, previous=earlier)
    now = {name: ids[label] if label >= 0 else None for name, label in zip(names, found.labels.tolist(), strict=True)}
    return KindFit(
        kind=kind,
        feature_ids=feature_ids,
        found=found,
        ids=ids,
        way=way,
        method=stage.method_for(config.method, len(names)),
        settings=settings,
        encoder=encoder,
        descent=cluster_ids.lineage(now, earlier),
    )


def _check_kinds(config: ClusterConfig) -> None:
    if wrong := sorted(set(config.target_by_kind) - set(KINDS)):
        raise FeatdiscError(f"clusters.target_by_kind names {wrong[0]!r}; kinds are {', '.join(KINDS)}.")


def _earlier(db: Warehouse, kind: str) -> dict[str, str | None]:
    rows = db.read("select feature_id, cluster_id from cluster_members where kind = $1", [kind])
    return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _labels_of(names: list[str], earlier: dict[str, str | None]) -> npt.NDArray[np.int64]:
    """The earlier cluster of each feature as a number, -1 for none, -2 for a feature it did not know."""
    present = sorted({cluster for name in names if (cluster := earlier.get(name)) is not None})
    number: dict[str | None, int] = {cluster: i for i, cluster in enumerate(present)}
    number[None] = -1
    return np.array([number[earlier[name]] if name in earlier else -2 for name in names], np.int64)


def _last_frame(db: Warehouse, kind: str, *, encoder: str, settings: str | None) -> Frame | None:
    """The frame of the last fit of a kind, if it was made with this encoder and, where given, these settings."""
    rows = db.rows("from cluster_fits where kind = $1 and encoder = $2", [kind, encoder])
    if not rows or (settings is not None and rows[0]["settings"] != settings):
        return None
    mean = np.array(rows[0]["mean"], np.float32)
    if not len(mean):
        return None  # there were no features of this kind
    return Frame(mean, np.array(rows[0]["axes"], np.float32).reshape(len(mean), -1))


VECTORS_OF_KIND = """
select
    vocabulary.feature_id,
    vectors.vector
from vocabulary
inner join current_vectors() as vectors on vocabulary.feature_id = vectors.feature_id
where vocabulary.kind = $1
order by vocabulary.feature_id
"""


TEXTS_OF_KIND = """
select vocabulary.text
from vocabulary
inner join current_vectors() as vectors on vocabulary.feature_id = vectors.feature_id
where vocabulary.kind = $1
order by vocabulary.feature_id
"""


def _members(fit: KindFit) -> pa.Table:
    found = fit.found
    assigned = found.labels >= 0
    return pa.table(
        {
            "feature_id": fit.feature_ids,
            "kind": pa.array([fit.kind] * len(fit.feature_ids), pa.string()),
            "cluster_id": pa.array(fit.ids, pa.string()).take(pa.array(found.labels, mask=~assigned)),
            "similarity": pa.array(found.similarity.astype(np.float64), mask=~assigned),
        }
    )


def _centres(fit: KindFit) -> pa.Table:
    return pa.table(
        {
            "cluster_id": pa.array(fit.ids, pa.string()),
            "kind": pa.array([fit.kind] * len(fit.ids), pa.string()),
            "coherence": fit.found.coherence,
            "centroid": pa.array(list(fit.found.centroids), pa.list_(pa.float32())),
        }
    )


def _fit_row(fit: KindFit) -> dict[str, object]:
    return {
        "kind": fit.kind,
        "method": fit.method,
        "settings": fit.settings,
        "encoder": fit.encoder,
        "way": fit.way,
        "n_features": len(fit.feature_ids),
        "n_clusters": len(fit.ids),
        "mean": fit.found.frame.mean.tolist(),
        "axes": fit.found.frame.axes.ravel().tolist(),
    }


def _write(db: Warehouse, fits: list[KindFit]) -> None:
    """All tables in one transaction; DuckDB counts each cluster's features, pieces and transcripts."""
    members = pa.concat_tables([_members(fit) for fit in fits])
    centres = pa.concat_tables([_centres(fit) for fit in fits])
    descent = [{"kind": fit.kind} | dataclasses.asdict(line) for fit in fits for line in fit.descent]
    refit = 1 + (db.scalar("select max(refit) from cluster_lineage") or 0)
    if all(line["event"] == "kept" for line in descent):
        descent = []
    fit_rows = pa.Table.from_pylist([_fit_row(fit) for fit in fits], schema=db.schema("cluster_fits"))
    lines = pa.Table.from_pylist([line | {"refit": refit} for line in descent], schema=db.schema("cluster_lineage"))
    with db.transaction() as connection:
        for table in ("cluster_members", "clusters", "cluster_fits"):
            connection.execute(f"truncate {table}")
        insert(connection, "cluster_members", members.sort_by([("kind", "ascending"), ("feature_id", "ascending")]))
        insert(connection, "cluster_fits", fit_rows)
        insert(connection, "cluster_lineage", lines)
        connection.register("centres", centres)
        connection.execute(f"insert into clusters by name {read_sql('fill/clusters')}")
        connection.unregister("centres")

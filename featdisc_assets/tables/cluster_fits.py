"""Clusters of one kind, fitted to the vectors in the warehouse, and written with their members and lineage."""

import dataclasses
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Frame
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import cluster_ids
from featdisc_assets.stages import clustering as stage
from featdisc_assets.tables.vectors import texts_of_kind, vectors_of_kind
from featdisc_assets.warehouse import Warehouse, insert


@dataclasses.dataclass(frozen=True, slots=True)
class KindFit:
    """The clusters of one kind, their ids, and how they were fitted."""

    kind: str
    feature_ids: pa.Array
    found: stage.Clustering
    ids: list[str]
    way: str
    method: str
    settings: str
    encoder: str
    descent: list[cluster_ids.Descent]


def fit_kind(
    db: Warehouse,
    kind: str,
    *,
    keep_senses_apart: bool,
    refit: bool,
    warm: bool,
    **knobs: Any,  # noqa: ANN401
) -> KindFit:
    """Cluster one kind from nothing, warm from the last fit, or by assigning features to the last fit.

    Args:
        db: The warehouse, with vectors.
        kind: The kind.
        keep_senses_apart: Whether features of opposite sense never share a cluster.
        refit: False assigns features to existing clusters and makes no new ones.
        warm: Whether a refit starts from the existing clusters.
        knobs: The other settings of `stages.clustering.fit`.
    """
    feature_ids, vectors = vectors_of_kind(db, kind)
    names = feature_ids.to_pylist()
    points = Points.unsigned(vectors)
    if keep_senses_apart and names:
        points = Points.of(vectors, texts_of_kind(db, kind))
    earlier = _earlier(db, kind)
    settings = json.dumps(knobs | {"keep_senses_apart": keep_senses_apart}, sort_keys=True)
    encoder = str(db.scalar("select any_value(encoder) from encoders where is_current") or "")
    last = _last_frame(db, kind, encoder=encoder, settings=settings if refit else None)
    if last is None or not earlier or not (warm or not refit):
        way, found = "from nothing", stage.fit(points, **knobs)
    else:
        labels = _labels_of(names, earlier)
        if not refit:
            way, found = "assigned", stage.assign(points, labels, last, min_similarity=knobs["min_similarity"])
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
        method=stage.method_for(knobs["method"], len(names)),
        settings=settings,
        encoder=encoder,
        descent=cluster_ids.lineage(now, earlier),
    )


def _earlier(db: Warehouse, kind: str) -> dict[str, str | None]:
    rows = db.read("select feature_id, cluster_id from cluster_members where kind = $1", [kind])
    return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _labels_of(names: list[str], earlier: dict[str, str | None]) -> npt.NDArray[np.int64]:
    """The earlier cluster of each feature as a number, -1 for none, -2 for a new feature."""
    present = sorted({cluster for name in names if (cluster := earlier.get(name)) is not None})
    number: dict[str | None, int] = {cluster: i for i, cluster in enumerate(present)}
    number[None] = -1
    return np.array([number[earlier[name]] if name in earlier else -2 for name in names], np.int64)


def _last_frame(db: Warehouse, kind: str, *, encoder: str, settings: str | None) -> Frame | None:
    """The frame of a kind's last fit, if it used this encoder and, if given, these settings."""
    rows = db.rows("from cluster_fits where kind = $1 and encoder = $2", [kind, encoder])
    if not rows or (settings is not None and rows[0]["settings"] != settings):
        return None
    mean = np.array(rows[0]["mean"], np.float32)
    if not len(mean):
        return None  # the kind had no features
    return Frame(mean, np.array(rows[0]["axes"], np.float32).reshape(len(mean), -1))


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


def write_fits(db: Warehouse, fits: list[KindFit]) -> None:
    """Write clusters, members, fits and lineage in one transaction."""
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

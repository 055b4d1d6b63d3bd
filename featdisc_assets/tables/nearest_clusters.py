"""The nearest clusters of each cluster, and the nearest parents of each parent, by the cosine of their centroids."""

from featdisc_assets.stages.neighbours import nearest_neighbours
from featdisc_assets.transcript import ALL_KINDS
from featdisc_assets.warehouse import Warehouse

Nearest = dict[str, list[tuple[str, float]]]


def nearest_clusters(db: Warehouse, *, count: int) -> Nearest:
    """For each cluster, up to `count` others of its kind with their cosine, nearest first."""
    return _nearest(
        db, "select cluster_id, centroid as vector from clusters where kind = $1 order by cluster_id", [], count
    )


def nearest_parents(db: Warehouse, level: str, *, count: int) -> Nearest:
    """For each parent of a level, up to `count` others of its kind and level with their cosine, nearest first."""
    return _nearest(
        db,
        "select parent_id, centroid as vector from parents where kind = $1 and level = $2 order by parent_id",
        [level],
        count,
    )


def _nearest(db: Warehouse, query: str, parameters: list[str], count: int) -> Nearest:
    found: Nearest = {}
    for kind in ALL_KINDS:
        ids, centroids = db.matrix(query, [kind, *parameters])
        names = ids.to_pylist()
        for name, others in zip(names, nearest_neighbours(centroids, count=count), strict=True):
            found[name] = [(names[other.index], other.similarity) for other in others]
    return found

"""Which clusters of a kind lie nearest to each cluster: read once here for naming and for the audit."""

from featdisc_assets.stages.neighbours import nearest_neighbours
from featdisc_assets.transcript import ALL_KINDS
from featdisc_assets.warehouse import Warehouse


def nearest_clusters(db: Warehouse, *, count: int) -> dict[str, list[tuple[str, float]]]:
    """For each cluster the `count` others of its kind that are most like it, nearest first, with the cosine."""
    near: dict[str, list[tuple[str, float]]] = {}
    for kind in ALL_KINDS:
        ids, centroids = db.matrix(
            "select cluster_id, centroid as vector from clusters where kind = $1 order by cluster_id", [kind]
        )
        names = ids.to_pylist()
        for name, found in zip(names, nearest_neighbours(centroids, count=count), strict=True):
            near[name] = [(names[neighbour.index], neighbour.similarity) for neighbour in found]
    return near

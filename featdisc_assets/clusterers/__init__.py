"""Clustering methods for unit vectors, with one protocol."""

from typing import Protocol

from featdisc_assets.clusterers import leiden, plain, two_level
from featdisc_assets.clusterers.space import Labels, Space


class Clusterer(Protocol):
    """Vectors to labels; the same vectors, number and seed always give the same labels."""

    def __call__(self, space: Space, *, n_clusters: int, seed: int) -> Labels:
        """int64[n]: 0..k-1 with k near `n_clusters`, -1 for no cluster."""


CLUSTERERS: dict[str, Clusterer] = {
    "leiden": leiden.cluster,
    "two_level": two_level.cluster,
    "kmeans": plain.kmeans,
    "hdbscan": plain.hdbscan,
}

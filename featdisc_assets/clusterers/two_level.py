"""Over-cluster, agglomerate the centroids, refine: keeps rare themes apart at the cost of k-means."""

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

from featdisc_assets.clusterers.space import Frame, Labels, Space, Vectors, centres_of, dense, nearest, settle

# Ward's criterion over every vector needs n * n / 2 distances: up to here that is cheaper than over-clustering.
EXACT_UP_TO = 6_000
MICRO_PER_CLUSTER = 3
# Their distances take 1.3 GB, and scipy's Ward copies them.
MICRO_AT_MOST = 18_000
SAMPLE = 300_000
ITERATIONS = 8
LLOYD_STEPS = 4


def cluster(space: Space, *, n_clusters: int, seed: int) -> Labels:
    """Labels 0..k-1, k near `n_clusters`: micro-clusters by k-means on a sample, merged by Ward's criterion."""
    n = len(space)
    if n_clusters >= n:
        return np.arange(n, dtype=np.int64)
    if n <= EXACT_UP_TO:
        return settle(space, ward(space.all(), n_clusters=n_clusters), steps=LLOYD_STEPS)
    wanted = max(n_clusters, min(n_clusters * MICRO_PER_CLUSTER, MICRO_AT_MOST, n))
    centres = micro_centres(space, count=wanted, seed=seed)
    micro, _ = nearest(space, centres)
    micro = dense(micro)
    centres = centres_of(space, micro, int(micro.max()) + 1)
    if len(centres) <= n_clusters:
        return micro
    return settle(space, ward(centres, n_clusters=n_clusters)[micro], steps=LLOYD_STEPS)


def micro_centres(space: Space, *, count: int, seed: int) -> Vectors:
    """Spherical k-means on a sample, seeded at random: k-means++ draws one centre after another."""
    random = np.random.default_rng(seed)
    n, width = len(space), space.vectors.shape[1]
    sample = Space(
        space.take(np.sort(random.choice(n, min(n, max(SAMPLE, 3 * count)), replace=False))),
        Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32)),
    )
    centres = sample.vectors[np.sort(random.choice(len(sample), count, replace=False))]
    for _ in range(ITERATIONS):
        labels, similarity = nearest(sample, centres)
        fresh = centres_of(sample, labels, count)
        empty = np.flatnonzero(np.bincount(labels, minlength=count) == 0)
        # An empty centre moves to the vector that is farthest from its centre.
        fresh[empty] = sample.vectors[np.argsort(similarity, kind="stable")[: len(empty)]]
        centres = fresh
    return centres


def ward(points: Vectors, *, n_clusters: int) -> Labels:
    """Agglomerate points by Ward's criterion into at most `n_clusters`; every point has weight one.

    Unweighted on purpose: with weights, large generic micro-clusters would never merge, and small themes would.
    """
    n = len(points)
    if n_clusters >= n:
        return np.arange(n, dtype=np.int64)
    if n_clusters <= 1:
        return np.zeros(n, np.int64)
    labels: Labels = fcluster(linkage(_distances(points), "ward"), n_clusters, "maxclust").astype(np.int64) - 1
    return labels


def _distances(points: Vectors) -> npt.NDArray[np.float64]:
    """Condensed Euclidean distances, by matrix products a block of rows at a time."""
    n = len(points)
    squares = np.einsum("ij,ij->i", points, points)
    condensed = np.empty(n * (n - 1) // 2)
    filled = 0
    for start in range(0, n - 1, 512):
        block = points[start : start + 512]
        distances = squares[start : start + 512, None] + squares[None, :] - 2 * (block @ points.T)
        np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
        for i in range(min(len(block), n - 1 - start)):
            length = n - 1 - start - i
            condensed[filled : filled + length] = distances[i, start + i + 1 :]
            filled += length
    return condensed

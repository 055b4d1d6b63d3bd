"""Leiden communities of the graph of nearest neighbours."""

import numpy as np
import numpy.typing as npt
from graspologic_native import leiden

from featdisc_assets.clusterers.space import Labels, Space, Vectors, centres_of, dense
from featdisc_assets.clusterers.two_level import ward

NEIGHBOURS = 15
SEARCH_STEPS = 9
# The search for a resolution ends this near to the wanted number of clusters; Ward merges what is over.
TOLERANCE = 0.05


def cluster(space: Space, *, n_clusters: int, seed: int) -> Labels:
    """Labels 0..k-1: the resolution is searched that gives the wanted number of communities (Traag et al. 2019)."""
    n = len(space)
    if n_clusters >= n:
        return np.arange(n, dtype=np.int64)
    if n < 3:
        return np.zeros(n, np.int64)
    points = space.all()
    edges = _edges(*_neighbours(points, count=min(NEIGHBOURS, n - 1)))
    low, high, resolution = 1e-3, 1e4, max(0.5, n_clusters / 8)
    best: Labels | None = None
    for _ in range(SEARCH_STEPS):
        found = _communities(edges, n, resolution=resolution, seed=seed, iterations=1)
        k = int(found.max()) + 1
        if best is None or abs(k - n_clusters) < abs(int(best.max()) + 1 - n_clusters):
            best, best_resolution = found, resolution
        if n_clusters <= k <= n_clusters * (1 + TOLERANCE):
            break
        if k < n_clusters:
            low = resolution
        else:
            high = resolution
        guess = resolution * n_clusters / k
        resolution = guess if low < guess < high else (low * high) ** 0.5
    labels = _communities(edges, n, resolution=best_resolution, seed=seed, iterations=4)
    k = int(labels.max()) + 1
    if k > n_clusters:
        labels = ward(centres_of(space, labels, k), n_clusters=n_clusters)[labels]
    return dense(labels)


def _communities(
    edges: list[tuple[str, str, float]], n: int, *, resolution: float, seed: int, iterations: int
) -> Labels:
    _, found = leiden(edges, resolution=resolution, seed=seed, iterations=iterations, use_modularity=True)
    labels = np.full(n, -1, np.int64)
    for node, community in found.items():
        labels[int(node)] = community
    lonely = np.flatnonzero(labels < 0)
    labels[lonely] = int(labels.max()) + 1 + np.arange(len(lonely))
    return dense(labels)


def _neighbours(points: Vectors, *, count: int, block: int = 1_024) -> tuple[Labels, npt.NDArray[np.float32]]:
    """The `count` others of greatest cosine of each point, and the cosines."""
    n = len(points)
    others = np.empty((n, count), np.int64)
    cosines = np.empty((n, count), np.float32)
    for start in range(0, n, block):
        found = points[start : start + block] @ points.T
        rows = np.arange(len(found))
        found[rows, start + rows] = -np.inf
        chosen = np.argpartition(found, n - count, axis=1)[:, n - count :]
        others[start : start + block] = chosen
        cosines[start : start + block] = np.take_along_axis(found, chosen, axis=1)
    return others, cosines


def _edges(others: Labels, cosines: npt.NDArray[np.float32]) -> list[tuple[str, str, float]]:
    """Each pair once, weighted by its cosine; a pair that is near both ways is no heavier."""
    n, count = others.shape
    left, right = np.repeat(np.arange(n), count), others.ravel()
    pair = np.minimum(left, right) * n + np.maximum(left, right)
    pair, first = np.unique(pair, return_index=True)
    weight = np.maximum(cosines.ravel()[first], 1e-3).astype(np.float64)
    names = np.arange(n).astype(str).tolist()
    return [
        (names[a], names[b], w)
        for a, b, w in zip((pair // n).tolist(), (pair % n).tolist(), weight.tolist(), strict=True)
    ]

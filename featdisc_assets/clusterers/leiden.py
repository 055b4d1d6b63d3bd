"""Leiden communities of the graph of nearest neighbours."""

import math

import numpy as np
import numpy.typing as npt
from graspologic_native import leiden

from featdisc_assets.clusterers.nearest_others import nearest_others
from featdisc_assets.clusterers.space import Labels, Space, centres_of, dense
from featdisc_assets.clusterers.two_level import ward

NEIGHBOURS = 15
SEARCH_STEPS = 9
# The search for a resolution ends at this relative excess of clusters; Ward merges the excess.
TOLERANCE = 0.05

# Two nodes and a weight.
Edges = list[tuple[str, str, float]]


def cluster(space: Space, *, n_clusters: int, seed: int) -> Labels:
    """Labels 0..k-1, by a search for the resolution that gives the wanted number of communities (Traag et al. 2019)."""
    n = len(space)
    if n_clusters >= n:
        return np.arange(n, dtype=np.int64)
    if n < 3:
        return np.zeros(n, np.int64)
    points = space.all()
    edges = edges_of(*nearest_others(points, count=min(NEIGHBOURS, n - 1)))
    resolution = resolution_for(edges, n, n_clusters=n_clusters, seed=seed)
    labels = communities(edges, n, resolution=resolution, seed=seed, iterations=4)
    k = int(labels.max()) + 1
    if k > n_clusters:
        labels = ward(centres_of(space, labels, k), n_clusters=n_clusters)[labels]
    return dense(labels)


def resolution_for(edges: Edges, n: int, *, n_clusters: int, seed: int) -> float:
    """The tried resolution whose number of communities is nearest to the wanted one.

    The number grows roughly as a power of the resolution, so each guess extrapolates the two nearest tries in
    logarithms, within the bounds known so far.
    """
    low, high = 1e-3, 1e4
    guess = max(0.5, n_clusters / 30)
    # Logarithms of the resolution and of found over wanted clusters, nearest first.
    tried: list[tuple[float, float]] = []
    for _ in range(SEARCH_STEPS):
        k = int(communities(edges, n, resolution=guess, seed=seed, iterations=1).max()) + 1
        if n_clusters <= k <= n_clusters * (1 + TOLERANCE):
            return guess
        low, high = (guess, high) if k < n_clusters else (low, guess)
        tried.append((math.log(guess), math.log(k / n_clusters)))
        tried.sort(key=lambda one: (abs(one[1]), one[0]))
        at, off = tried[0]
        slope = 0.5
        if len(tried) > 1 and tried[1][0] != at:
            slope = min(max((off - tried[1][1]) / (at - tried[1][0]), 0.2), 1.0)
        # Aim at the middle of the accepted range.
        guess = math.exp(at - (off - TOLERANCE / 2) / slope)
        if not low < guess < high:
            guess = (low * high) ** 0.5
    return math.exp(tried[0][0])


def communities(edges: Edges, n: int, *, resolution: float, seed: int, iterations: int) -> Labels:
    """Communities of greatest modularity at a resolution; a node without an edge is one of its own."""
    _, found = leiden(edges, resolution=resolution, seed=seed, iterations=iterations, use_modularity=True)
    labels = np.full(n, -1, np.int64)
    for node, community in found.items():
        labels[int(node)] = community
    lonely = np.flatnonzero(labels < 0)
    labels[lonely] = int(labels.max()) + 1 + np.arange(len(lonely))
    return dense(labels)


def edges_of(others: Labels, cosines: npt.NDArray[np.float32]) -> Edges:
    """Each pair of neighbours once, weighted by its cosine."""
    n, count = others.shape
    found = others.ravel() >= 0
    left, right = np.repeat(np.arange(n), count)[found], others.ravel()[found]
    pair = np.minimum(left, right) * n + np.maximum(left, right)
    pair, first = np.unique(pair, return_index=True)
    weight = np.maximum(cosines.ravel()[found][first], 1e-3).astype(np.float64)
    names = np.arange(n).astype(str).tolist()
    return [
        (names[a], names[b], w)
        for a, b, w in zip((pair // n).tolist(), (pair % n).tolist(), weight.tolist(), strict=True)
    ]

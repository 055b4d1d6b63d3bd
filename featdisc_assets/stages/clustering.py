"""Unit vectors to clusters: over-cluster, agglomerate the centroids, settle with a few Lloyd steps.

k-means alone swallows rare themes in large bland clusters; merging many small clusters by Ward's criterion keeps
them apart at the same number of clusters.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering, KMeans
from threadpoolctl import threadpool_limits

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

# Ward's criterion over every vector needs n * n / 2 distances: up to here that is cheaper than over-clustering.
EXACT_UP_TO = 4_000
MICRO_PER_CLUSTER = 3


@dataclass(frozen=True, slots=True)
class Clustering:
    """What one clustering found.

    Attributes:
        labels: int64[n], a row of `centroids` for each vector, or -1 where a vector is far from all of them.
        similarity: float32[n], cosine to that centroid among the debiased vectors (to the nearest one for -1).
        centroids: float32[k, d], unit mean of the members' *original* vectors, for comparing clusters of two kinds.
        coherence: float64[k], mean `similarity` of the members.
    """

    labels: Labels
    similarity: npt.NDArray[np.float32]
    centroids: Vectors
    coherence: npt.NDArray[np.float64]


def features_per_cluster(n: int) -> int:
    """The automatic granularity: a sixth of the root of n distinct features a cluster, at least 2.

    So there are some six times the root of n clusters: 100 of 300 features, 950 of 25,000, and 7,300 of the published
    study's 1.5 million a kind, which had about as many.
    """
    return max(2, round(math.sqrt(n) / 6))


def cluster(
    vectors: Vectors, *, target_features_per_cluster: int, min_similarity: float, remove_components: int, seed: int
) -> Clustering:
    """Cluster distinct features, unweighted.

    Args:
        vectors: float32[n, d], unit rows.
        target_features_per_cluster: Wanted mean size; 0 chooses it from n.
        min_similarity: Below this cosine to its centroid a feature stays unassigned (label -1).
        remove_components: How many leading principal components are taken out before clustering.
        seed: Of the over-clustering.
    """
    n = len(vectors)
    if n == 0:
        width = vectors.shape[1] if vectors.ndim == 2 else 0
        return Clustering(
            np.empty(0, np.int64), np.empty(0, np.float32), np.empty((0, width), np.float32), np.empty(0, np.float64)
        )
    wanted = max(1, round(n / (target_features_per_cluster or features_per_cluster(n))))
    space = debias(vectors, remove_components=remove_components)
    labels = _agglomerate(space, n_clusters=wanted, seed=seed)
    labels, similarity = _settle(space, labels, steps=4)
    labels = np.where(similarity >= min_similarity, labels, -1)
    kept, dense = np.unique(labels[labels >= 0], return_inverse=True)
    labels[labels >= 0] = dense
    return Clustering(
        labels=labels,
        similarity=similarity,
        centroids=_unit(_sums(vectors, labels, len(kept))),
        coherence=np.bincount(labels[labels >= 0], similarity[labels >= 0], minlength=len(kept))
        / np.maximum(np.bincount(labels[labels >= 0], minlength=len(kept)), 1),
    )


def debias(vectors: Vectors, *, remove_components: int) -> Vectors:
    """Subtract the mean, take out the leading principal components, and scale to unit length.

    All-but-the-top (Mu & Viswanath 2018): sentence vectors of short phrases share a few directions that say
    "short phrase" and little else. With fewer than 100 vectors a component may be a theme, so none is removed.
    """
    n = len(vectors)
    centred = vectors - vectors.mean(axis=0, keepdims=True)
    if not np.any(np.abs(centred) > 1e-7):
        return vectors.copy()
    components = min(remove_components, n // 100)
    if components:
        _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        top = axes[:, -components:].astype(np.float32)
        centred -= (centred @ top) @ top.T
    return _unit(centred)


def _agglomerate(space: Vectors, *, n_clusters: int, seed: int) -> Labels:
    n = len(space)
    if n_clusters >= n:
        return np.arange(n, dtype=np.int64)
    if n <= EXACT_UP_TO:
        points, micro = space, np.arange(n, dtype=np.int64)
    else:
        # One thread: scikit-learn adds its threads' sums up in the order they finish, and a last bit can move a label.
        with threadpool_limits(limits=1):
            k_means = KMeans(
                n_clusters=min(n_clusters * MICRO_PER_CLUSTER, n),
                init="random",
                n_init=1,
                max_iter=20,
                random_state=seed,
            ).fit(space)
        points, micro = _unit(k_means.cluster_centers_.astype(np.float32)), k_means.labels_.astype(np.int64)
    if n_clusters >= len(points):
        return micro
    merged: Labels = AgglomerativeClustering(n_clusters=n_clusters, linkage="ward").fit(points).labels_.astype(np.int64)
    return merged[micro]


def _settle(space: Vectors, labels: Labels, *, steps: int) -> tuple[Labels, npt.NDArray[np.float32]]:
    """A few Lloyd steps on the sphere; a cluster that loses its last member disappears."""
    similarity = np.empty(len(space), np.float32)
    for _ in range(steps):
        _, labels = np.unique(labels, return_inverse=True)
        centres = _unit(_sums(space, labels, int(labels.max()) + 1))
        labels, similarity = nearest(space, centres)
    return labels, similarity


def nearest(space: Vectors, centres: Vectors, *, block: int = 8_192) -> tuple[Labels, npt.NDArray[np.float32]]:
    """The centre of greatest cosine for each vector, and that cosine, in blocks that fit the cache."""
    labels = np.empty(len(space), np.int64)
    similarity = np.empty(len(space), np.float32)
    for start in range(0, len(space), block):
        cosines = space[start : start + block] @ centres.T
        best = cosines.argmax(axis=1)
        labels[start : start + block] = best
        similarity[start : start + block] = cosines[np.arange(len(best)), best]
    return labels, similarity


def _sums(vectors: Vectors, labels: Labels, n_clusters: int) -> Vectors:
    sums = np.zeros((n_clusters, vectors.shape[1]), np.float32)
    members = np.flatnonzero(labels >= 0)
    if len(members):
        order = members[np.argsort(labels[members], kind="stable")]
        present, starts = np.unique(labels[order], return_index=True)
        sums[present] = np.add.reduceat(vectors[order], starts, axis=0)
    return sums


def _unit(matrix: Vectors) -> Vectors:
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: Vectors = np.divide(matrix, length, out=np.zeros_like(matrix), where=length > 1e-12)
    return unit

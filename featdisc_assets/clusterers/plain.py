"""scikit-learn's clusterings, for comparison."""

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from threadpoolctl import threadpool_limits

from featdisc_assets.clusterers.space import Labels, Space, centres_of, dense
from featdisc_assets.clusterers.two_level import ward


def kmeans(space: Space, *, n_clusters: int, seed: int) -> Labels:
    """scikit-learn's k-means with k-means++ seeding."""
    # One thread, because the order of thread results changes rounding, which can change labels.
    with threadpool_limits(limits=1):
        found = KMeans(n_clusters=min(n_clusters, len(space)), n_init=1, random_state=seed).fit(space.all())
    return dense(found.labels_.astype(np.int64))


def hdbscan(space: Space, *, n_clusters: int, seed: int) -> Labels:
    """scikit-learn's HDBSCAN: dense regions, the rest labelled -1; Ward merges clusters above the wanted number.

    HDBSCAN has no seed and no number of clusters, only a minimal cluster size.
    """
    del seed
    n = len(space)
    if n < 4:
        return np.arange(n, dtype=np.int64)
    smallest = max(2, n // n_clusters // 4)
    labels = HDBSCAN(min_cluster_size=smallest, min_samples=2, copy=True).fit(space.all()).labels_.astype(np.int64)
    k = int(labels.max()) + 1
    if k > n_clusters:
        merged = ward(centres_of(space, labels, k), n_clusters=n_clusters)
        labels = np.where(labels >= 0, merged[labels], -1)
    return dense(labels)

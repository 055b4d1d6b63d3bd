"""Stability of clusters: refits of samples compared with the fit (Hennig 2007)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_rand_score

Labels = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

# With fewer sampled features per cluster, communities of 15 neighbours hardly recover any cluster.
LEAST_A_CLUSTER = 12
# A cluster is dissolved if its best match in a refit is below this (Hennig 2007).
DISSOLVED = 0.5


@dataclass(frozen=True, slots=True)
class Draw:
    """A sample to refit.

    Attributes:
        rows: int64[m], which features, in order.
        features_per_cluster: Mean size that gives the same number of clusters.
    """

    rows: Labels
    features_per_cluster: int


def draw(n: int, n_clusters: int, *, share: float, at_most: int, seed: int, repeat: int) -> Draw:
    """Draw a share of n features without replacement, up to a bound that keeps refits cheap.

    The bound is `at_most`, or `LEAST_A_CLUSTER` per cluster if that is more. Each `repeat` gives another draw.
    """
    m = min(round(share * n), max(at_most, LEAST_A_CLUSTER * n_clusters))
    wanted = max(2, m // max(n_clusters, 1))
    # A multiple of the number of clusters, so that the refit has as many clusters as the fit.
    m = min(m, wanted * n_clusters)
    random = np.random.default_rng([seed, repeat])
    return Draw(np.sort(random.choice(n, m, replace=False)), wanted)


def jaccard(reference: Labels, again: Labels, n_clusters: int) -> Reals:
    """The greatest Jaccard similarity of each cluster to a cluster of the refit, over the features in both.

    Args:
        reference: int64[m], the cluster of each drawn feature, -1 for none.
        again: int64[m], the same in the refit.
        n_clusters: Number of clusters in `reference`.

    Returns:
        float64[n_clusters]: 0 to 1, NaN for a cluster with fewer than two sampled members.
    """
    drawn = np.bincount(reference[reference >= 0], minlength=n_clusters)
    sizes = np.bincount(again[again >= 0])
    both = (reference >= 0) & (again >= 0)
    width = max(len(sizes), 1)
    pair, count = np.unique(reference[both] * width + again[both], return_counts=True)
    mine, theirs = np.divmod(pair, width)
    best = np.zeros(n_clusters)
    np.maximum.at(best, mine, count / (drawn[mine] + sizes[theirs] - count))
    found: Reals = np.where(drawn >= 2, best, np.nan)
    return found


def mean_over_repeats(found: list[Reals], n_clusters: int) -> Reals:
    """The mean similarity of each cluster, NaN where it is NaN in all repeats."""
    stacked = np.array(found, np.float64).reshape(-1, n_clusters)
    times = (~np.isnan(stacked)).sum(axis=0)
    mean: Reals = np.divide(np.nansum(stacked, axis=0), times, out=np.full(n_clusters, np.nan), where=times > 0)
    return mean


def adjusted_rand(reference: Labels, again: Labels) -> float | None:
    """Agreement of the two beyond chance, 1 for the same partition; None with fewer than two features in both."""
    both = (reference >= 0) & (again >= 0)
    return float(adjusted_rand_score(reference[both], again[both])) if both.sum() >= 2 else None

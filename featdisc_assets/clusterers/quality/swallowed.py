"""Swallowed themes: phrases that recur in clusters about other things, so that no label mentions them.

A phrase is swallowed if the words of its features are rare in their clusters, these clusters are mixed, no cluster fits
the phrase, and yet its features are similar in meaning, so that they could form a cluster.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from featdisc_assets.clusterers.space import Labels, Space, Vectors, sums_of

Reals = npt.NDArray[np.float64]
Counts = Any  # scipy.sparse matrices, which have no types

# A mean cosine below this is noise and no basis for ratios.
_LEAST_COSINE = 0.02


@dataclass(frozen=True, slots=True)
class Families:
    """The features of each phrase and their clusters; all arrays have one entry per phrase.

    Attributes:
        n_features: Features with the phrase.
        n_clusters: Clusters of these features.
        best: The cluster with most of them, -1 if none has a cluster.
        best_share: Share of them in it.
        best_f1: Harmonic mean of precision and recall of the cluster that fits the phrase best.
        minority_share: Share of them in no cluster, or in a cluster where they are under half.
        visibility: Share of the cluster with the most common word of the feature; mean over the features.
        cohesion: Mean cosine between two of them over the usual mean within clusters.
        host_cohesion: The same within their clusters, weighted by the number of them in each.
    """

    n_features: Labels
    n_clusters: Labels
    best: Labels
    best_share: Reals
    best_f1: Reals
    minority_share: Reals
    visibility: Reals
    cohesion: Reals
    host_cohesion: Reals


def families(members: Counts, held: Counts, labels: Labels, space: Space) -> Families:
    """Compute where the features of each phrase are, and how visible they are there.

    Args:
        members: bool[n, p] sparse, which feature holds which phrase.
        held: bool[n, v] sparse, which feature holds which content word.
        labels: int64[n], the cluster of each feature, -1 for none.
        space: Of the features' vectors.
    """
    n, p = members.shape
    k = int(labels.max(initial=-1)) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=k).astype(np.float64)
    inside = np.flatnonzero(labels >= 0)
    cluster_of = sp.csr_matrix((np.ones(len(inside)), (inside, labels[inside])), shape=(n, k))
    spread = (members.T @ cluster_of).tocoo()
    phrase, cluster, here = spread.row, spread.col, spread.data
    count = np.bincount(members.indices, minlength=p)
    best_share, best_f1 = np.zeros(p), np.zeros(p)
    np.maximum.at(best_share, phrase, here / count[phrase])
    np.maximum.at(best_f1, phrase, 2 * here / (count[phrase] + sizes[cluster]))
    majority = here >= sizes[cluster] / 2
    hosts = _mean_cosine(sums_of(space, labels, k), sizes)
    usual = max(float(np.median(hosts[sizes > 1])), _LEAST_COSINE) if np.any(sizes > 1) else 1.0
    first = np.lexsort((cluster, -here, phrase))
    best = np.full(p, -1)
    best[phrase[first][::-1]] = cluster[first][::-1]
    return Families(
        n_features=count,
        n_clusters=np.bincount(phrase, minlength=p),
        best=best,
        best_share=best_share,
        best_f1=best_f1,
        minority_share=1 - np.bincount(phrase[majority], here[majority], p) / np.maximum(count, 1),
        visibility=members.T @ _visibility(held, labels, sizes) / np.maximum(count, 1),
        cohesion=_mean_cosine(_sums(space, members), count) / usual,
        host_cohesion=np.bincount(phrase, here * hosts[cluster], p)
        / np.maximum(np.bincount(phrase, here, p), 1)
        / usual,
    )


def swallowed(
    found: Families, members: Counts, *, max_f1: float, max_visibility: float, max_host: float, min_cohesion: float
) -> Labels:
    """The swallowed phrases, most features first; of phrases that mostly share their features, the largest.

    Args:
        found: Of `families`.
        members: bool[n, p] sparse, as there.
        max_f1: A cluster with this F1 or more is about the phrase.
        max_visibility: Above this, words of the features are typical of their clusters.
        max_host: More cohesive clusters are about one theme, of which the phrase may be a part.
        min_cohesion: Less cohesive features are no theme, even with shared words.
    """
    buried = (found.minority_share > 0.5) & (found.best_f1 < max_f1)
    unseen = (found.visibility < max_visibility) & (found.host_cohesion < max_host)
    wanted = np.flatnonzero(buried & unseen & (found.cohesion >= min_cohesion))
    wanted = wanted[np.lexsort((wanted, -found.n_features[wanted]))]
    columns = members.tocsc()[:, wanted]
    taken, kept = np.zeros(members.shape[0], bool), []
    for at, phrase in enumerate(wanted.tolist()):
        rows = columns.indices[columns.indptr[at] : columns.indptr[at + 1]]
        if 2 * taken[rows].sum() <= len(rows):
            taken[rows] = True
            kept.append(phrase)
    return np.array(kept, np.int64)


def _visibility(held: Counts, labels: Labels, sizes: Reals) -> Reals:
    """For each feature, the greatest share of its cluster that has one of its words; 0 without a cluster."""
    pairs = held.tocoo()
    inside = labels[pairs.row] >= 0
    row = pairs.row[inside]
    _, which, count = np.unique(
        labels[row] * np.int64(held.shape[1]) + pairs.col[inside], return_inverse=True, return_counts=True
    )
    greatest = np.zeros(len(labels))
    np.maximum.at(greatest, row, count[which] / sizes[labels[row]])
    return greatest


def _sums(space: Space, members: Counts) -> Vectors:
    """Sum of the vectors of each phrase's features."""
    total = np.zeros((members.shape[1], space.vectors.shape[1]), np.float32)
    rows = members.tocsr()
    for start, vectors in space.blocks():
        total += rows[start : start + len(vectors)].T @ vectors
    return total


def _mean_cosine(sums: Vectors, sizes: npt.NDArray[Any]) -> Reals:
    """Mean cosine of two members: the squared length of a sum of unit vectors is the sum of all cosines."""
    pairs = sizes * (sizes - 1.0)
    together = np.einsum("ij,ij->i", sums, sums, dtype=np.float64) - sizes
    mean: Reals = np.divide(together, pairs, out=np.zeros(len(sizes)), where=pairs > 0)
    return mean

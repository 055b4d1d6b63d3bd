"""Clusters in words, which clustering does not use: distinctive words, and coherence in tf-idf."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Counts = Any  # scipy.sparse.csr_matrix, which has no types

# A word is distinctive if its log odds ratio is this many standard errors above 0.
_STANDARD_ERRORS = 1.96
_TERMS = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """Words that are more common in a cluster than in the rest of its kind, most significant first.

    Attributes:
        cluster: int64[t], the cluster of each, sorted.
        term: int64[t], the word's column in the table.
    """

    cluster: Ints
    term: Ints

    def where(self, kept: npt.NDArray[np.bool_]) -> "Terms":
        """A selection of the terms."""
        return Terms(self.cluster[kept], self.term[kept])


def distinctive(held: Counts, labels: Ints, n_clusters: int) -> Terms:
    """At most ten words of each cluster, by their log odds ratio over its standard error (Haldane, Anscombe, Woolf).

    Args:
        held: bool[n, v] sparse, which feature holds which word; without columns of words not to list.
        labels: int64[n], -1 for none.
        n_clusters: Number of clusters.
    """
    table = _by_cluster(held, labels, n_clusters).tocoo()
    cluster, term, here = table.row.astype(np.int64), table.col.astype(np.int64), table.data.astype(np.float64)
    everywhere = np.bincount(term, here, held.shape[1])
    sizes = np.bincount(labels[labels >= 0], minlength=n_clusters).astype(np.float64)
    rest = sizes.sum() - sizes[cluster]
    elsewhere = everywhere[term] - here
    cells = (here + 0.5, sizes[cluster] - here + 0.5, elsewhere + 0.5, rest - elsewhere + 0.5)
    surety = np.log(cells[0] * cells[3] / (cells[1] * cells[2])) / np.sqrt(sum(1 / cell for cell in cells))
    kept = np.flatnonzero((surety > _STANDARD_ERRORS) & (here >= 2))
    kept = kept[np.lexsort((term[kept], -surety[kept], cluster[kept]))]
    rank = np.arange(len(kept)) - np.searchsorted(cluster[kept], cluster[kept])
    kept = kept[rank < _TERMS]
    return Terms(cluster[kept], term[kept])


def shared(terms: Terms, other: Ints) -> npt.NDArray[np.bool_]:
    """bool[t]: which distinctive words of a cluster are also those of its `other` cluster (-1 for none)."""
    width = int(terms.term.max(initial=0)) + 1
    theirs = other[terms.cluster] * width + terms.term
    found: npt.NDArray[np.bool_] = (other[terms.cluster] >= 0) & np.isin(theirs, terms.cluster * width + terms.term)
    return found


def overlap(terms: Terms, other: Ints) -> Reals:
    """float64[k]: shared distinctive words over those of the cluster with fewer; NaN where one has none."""
    k = len(other)
    n_terms = np.bincount(terms.cluster, minlength=k).astype(np.float64)
    both = np.bincount(terms.cluster[shared(terms, other)], minlength=k)
    fewer = np.where(other >= 0, np.minimum(n_terms, n_terms[np.maximum(other, 0)]), 0) if k else n_terms
    share: Reals = np.divide(both, fewer, out=np.full(k, np.nan), where=fewer > 0)
    return share


def coherence(held: Counts, labels: Ints, n_clusters: int) -> tuple[Reals, Reals]:
    """Mean tf-idf cosine between two members of a cluster, and between a member and a member of another cluster.

    Computed from sums of unit rows: the squared length of a sum is the sum of all cosines.

    Args:
        held: bool[n, v] sparse, which feature holds which word.
        labels: int64[n], -1 for none.
        n_clusters: Number of clusters.

    Returns:
        float64[k] each; NaN without such a pair.
    """
    inside = np.flatnonzero(labels >= 0)
    idf = 1 + np.log((1 + held.shape[0]) / (1 + np.bincount(held.indices, minlength=held.shape[1])))
    weighted = held[inside].multiply(idf[None, :]).tocsr()
    squares = np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel()
    scale = np.divide(1, np.sqrt(squares), out=np.zeros(len(squares)), where=squares > 0)
    unit = (sp.diags_array(scale) @ weighted).tocsr()
    sums = _by_cluster(unit, labels[inside], n_clusters)
    sizes = np.bincount(labels[inside], minlength=n_clusters).astype(np.float64)
    # A feature without words has cosine 0 to itself too.
    selves = np.bincount(labels[inside], squares > 0, n_clusters)
    own = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    everyone = np.asarray(sums.sum(axis=0)).ravel()
    pairs, strangers = sizes * (sizes - 1), sizes * (sizes.sum() - sizes)
    within = np.divide(own - selves, pairs, out=np.full(n_clusters, np.nan), where=pairs > 0)
    beyond = np.divide(sums @ everyone - own, strangers, out=np.full(n_clusters, np.nan), where=strangers > 0)
    return np.clip(within, 0, 1), np.clip(beyond, 0, 1)


def _by_cluster(held: Counts, labels: Ints, n_clusters: int) -> Counts:
    inside = np.flatnonzero(labels >= 0)
    ones = np.ones(len(inside), np.float64)
    return sp.csr_matrix((ones, (labels[inside], inside)), shape=(n_clusters, len(labels))) @ held

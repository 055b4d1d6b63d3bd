"""How alike two clusters are whatever their sizes, and merging those that are hardly two."""

import numpy as np
import numpy.typing as npt

from featdisc_assets.clusterers.space import Labels, Space, Vectors, dense, sums_of

# A cluster of one has no pair of members: its spread is taken from what is usual, as if it had seen this many pairs.
PRIOR_PAIRS = 2.0


def similarities(sums: Vectors, sizes: npt.NDArray[np.int64]) -> Vectors:
    """float32[k, k]: mean cosine between the members of two clusters over the mean within them; 1 where none is told.

    The cosine of two centroids grows with their clusters' sizes, since averaging cancels what members do not share;
    this measure does not: it leaves out each member's cosine to itself.

    Args:
        sums: float32[k, d], sum of each cluster's unit vectors.
        sizes: int64[k].
    """
    within = _within(sums, sizes)
    scaled: Vectors = (sums / (sizes * np.sqrt(within))[:, None]).astype(np.float32)
    found: Vectors = scaled @ scaled.T
    return found


def nearest_twin(sums: Vectors, sizes: npt.NDArray[np.int64], sense: npt.NDArray[np.int64]) -> tuple[Labels, Vectors]:
    """For each cluster the most alike other of its sense, and the likeness; -inf where there is no other."""
    alike = similarities(sums, sizes)
    alike[sense[:, None] != sense] = -np.inf
    np.fill_diagonal(alike, -np.inf)
    other: Labels = alike.argmax(axis=1)
    return other, alike[np.arange(len(sums)), other]


def _within(sums: Vectors, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Mean cosine of two members, shrunk to the median over clusters where there are few."""
    n = sizes.astype(np.float64)
    total = np.einsum("ij,ij->i", sums, sums, dtype=np.float64) - n
    pairs = n * (n - 1)
    usual = float(np.median(total[pairs > 0] / pairs[pairs > 0])) if np.any(pairs > 0) else 1.0
    within: npt.NDArray[np.float64] = np.maximum((total + PRIOR_PAIRS * usual) / (pairs + PRIOR_PAIRS), 0.02)
    return within


def merge(
    space: Space, labels: Labels, *, senses: npt.NDArray[np.int8], signs: npt.NDArray[np.int8], n_clusters: int
) -> Labels:
    """Merge the most alike clusters, one pair at a time, until `n_clusters` are left; never two of contrary sense.

    Args:
        space: Of the vectors.
        labels: int64[n], clusters 0..k-1, or -1.
        senses: int8[n]; clusters of two senses stay apart.
        signs: int8[n, a]; so do clusters with opposite signs on an axis.
        n_clusters: How many are wanted.
    """
    k = int(labels.max()) + 1 if len(labels) else 0
    if k <= max(1, n_clusters):
        return labels
    counted = labels >= 0
    sizes = np.bincount(labels[counted], minlength=k)
    sums = sums_of(space, labels, k)
    sense, plus, minus = np.zeros(k, np.int8), np.zeros((k, signs.shape[1]), bool), np.zeros((k, signs.shape[1]), bool)
    sense[labels[counted]] = senses[counted]
    rows, axes = np.nonzero(counted[:, None] & (signs > 0))
    plus[labels[rows], axes] = True
    rows, axes = np.nonzero(counted[:, None] & (signs < 0))
    minus[labels[rows], axes] = True

    alike = similarities(sums, sizes)
    alike[sense[:, None] != sense[None]] = -np.inf
    contrary = plus.astype(np.float32) @ minus.T.astype(np.float32)
    alike[(contrary + contrary.T) > 0] = -np.inf
    del contrary
    np.fill_diagonal(alike, -np.inf)
    usual = float(np.median(_within(sums, sizes)))
    into = np.arange(k)
    best = alike.argmax(axis=1)
    top = alike[np.arange(k), best]
    for _ in range(k - n_clusters):
        a = int(top.argmax())
        if not np.isfinite(top[a]):
            break
        b = int(best[a])
        into[into == b] = a
        sums[a] += sums[b]
        sizes[a] += sizes[b]
        plus[a] |= plus[b]
        minus[a] |= minus[b]
        row = _row(sums, sizes, a, usual)
        # What either could not join, both cannot.
        row[~np.isfinite(alike[a]) | ~np.isfinite(alike[b])] = -np.inf
        alike[a], alike[:, a] = row, row
        alike[b], alike[:, b] = -np.inf, -np.inf
        top[b] = -np.inf
        for c in {a, *np.flatnonzero((best == a) | (best == b)).tolist()}:
            if top[c] > -np.inf or c == a:
                best[c] = alike[c].argmax()
                top[c] = alike[c, best[c]]
        nearer = row > top
        best[nearer], top[nearer] = a, row[nearer]
    return dense(np.where(counted, into[labels], -1))


def _row(sums: Vectors, sizes: npt.NDArray[np.int64], at: int, usual: float) -> Vectors:
    n = sizes.astype(np.float64)
    pairs = n * (n - 1)
    within = (np.einsum("ij,ij->i", sums, sums) - n + PRIOR_PAIRS * usual) / (pairs + PRIOR_PAIRS)
    within = np.maximum(within, 0.02)
    row: Vectors = (sums @ sums[at] / (n * n[at]) / np.sqrt(within * within[at])).astype(np.float32)
    return row

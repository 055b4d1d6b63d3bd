"""Size-independent similarity of clusters, and merging of near-duplicates."""

import numpy as np
import numpy.typing as npt

from featdisc_assets.clusterers.space import Labels, Space, Vectors, dense, sums_of

# Weight of the median within-cluster cosine, in pairs, because small clusters have few pairs of members.
PRIOR_PAIRS = 2.0


def similarities(sums: Vectors, sizes: npt.NDArray[np.int64]) -> Vectors:
    """float32[k, k]: mean cosine between members of two clusters over the mean within them.

    The cosine of two centroids grows with the sizes of the clusters, because averaging cancels noise. This measure does
    not, because it leaves out each member's cosine to itself.

    Args:
        sums: float32[k, d], sum of each cluster's unit vectors.
        sizes: int64[k].
    """
    within = _within(sums, sizes)
    scaled: Vectors = (sums / (sizes * np.sqrt(within))[:, None]).astype(np.float32)
    found: Vectors = scaled @ scaled.T
    return found


def nearest_twin(
    sums: Vectors, labels: Labels, *, senses: npt.NDArray[np.int8], signs: npt.NDArray[np.int8]
) -> tuple[Labels, Vectors]:
    """The most similar other cluster of each that is not its opposite, and the similarity; -inf without one.

    Two clusters are opposites where most of their members differ in sense, or are on opposite sides of an axis, such as
    "Long sentences" and "Short sentences".

    `sums` are float32[k, d] of unit vectors, `labels` 0..k-1 or -1, `senses` and `signs` those of `Points`.
    """
    k = len(sums)
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    sense = _counts_of(labels, senses[:, None] == np.unique(senses), k).argmax(axis=1)
    balance = _counts_of(labels, signs > 0, k) - _counts_of(labels, signs < 0, k)
    side = np.where(2 * np.abs(balance) > sizes[:, None], np.sign(balance), 0)
    alike = similarities(sums, sizes)
    _exclude_invalid(alike, sense, side > 0, side < 0)
    other: Labels = alike.argmax(axis=1)
    return other, alike[np.arange(k), other]


def _counts_of(labels: Labels, flags: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.int64]:
    """int64[k, a]: how many members of each cluster have each flag."""
    rows, columns = np.nonzero(flags & (labels >= 0)[:, None])
    counts = np.zeros((k, flags.shape[1]), np.int64)
    np.add.at(counts, (labels[rows], columns), 1)
    return counts


def _exclude_invalid(
    alike: Vectors, sense: npt.NDArray[np.int64], plus: npt.NDArray[np.bool_], minus: npt.NDArray[np.bool_]
) -> None:
    """Set invalid pairs to -inf, in place: a cluster and itself, two senses, opposite signs on an axis."""
    pluses, minuses = plus.astype(np.float32), minus.astype(np.float32)
    # In blocks of rows, because a whole matrix for 14,000 clusters takes 800 MB.
    for start in range(0, len(alike), 1_024):
        rows = slice(start, start + 1_024)
        opposed = pluses[rows] @ minuses.T + minuses[rows] @ pluses.T
        alike[rows][(opposed > 0) | (sense[rows, None] != sense)] = -np.inf
    np.fill_diagonal(alike, -np.inf)


def _within(sums: Vectors, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Mean cosine of two members, shrunk towards the median over clusters."""
    n = sizes.astype(np.float64)
    total = np.einsum("ij,ij->i", sums, sums, dtype=np.float64) - n
    pairs = n * (n - 1)
    usual = float(np.median(total[pairs > 0] / pairs[pairs > 0])) if np.any(pairs > 0) else 1.0
    within: npt.NDArray[np.float64] = np.maximum((total + PRIOR_PAIRS * usual) / (pairs + PRIOR_PAIRS), 0.02)
    return within


def merge(
    space: Space, labels: Labels, *, senses: npt.NDArray[np.int8], signs: npt.NDArray[np.int8], n_clusters: int
) -> Labels:
    """Merge the most similar clusters, one pair at a time, until `n_clusters` are left; never two opposites.

    `labels` are 0..k-1 or -1, `senses` and `signs` those of `Points`.
    """
    k = int(labels.max()) + 1 if len(labels) else 0
    if k <= max(1, n_clusters):
        return labels
    counted = labels >= 0
    sizes = np.bincount(labels[counted], minlength=k)
    sums = sums_of(space, labels, k)
    sense = np.zeros(k, np.int64)
    sense[labels[counted]] = senses[counted]
    plus, minus = _counts_of(labels, signs > 0, k) > 0, _counts_of(labels, signs < 0, k) > 0

    alike = similarities(sums, sizes)
    _exclude_invalid(alike, sense, plus, minus)
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
        # The merged cluster cannot join what either part cannot join.
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

"""Tests of association between two flags: exact tests, odds ratios, false-discovery control.

The unit is the transcript. Transcripts of one group (answers to one question, chats of one user) are correlated. If two
flags are independent of each other but each is correlated within groups, the variance of their joint count is that of
independent units times

    design effect = 1 + (sum of m (m - 1) / n) * rho_left * rho_right

with group sizes m and intra-group correlations rho (Scott and Holt 1982 for regression, here for two flags). The tests
count in effective units: all counts divided by the design effect, as Kish (1965) and, for exact intervals, Korn and
Graubard (1998) do. With no two transcripts in a group it is 1 and the test is Fisher's own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Z = 1.959964
# From this expected count in the smallest cell, p-values are Lancaster's mid-p, because the exact test then has less
# power than the normal approximation.
MID_P_FROM = 10.0


@dataclass(frozen=True, slots=True)
class Association:
    """Figures of many 2 x 2 tables, one element a table.

    Attributes:
        lift: Observed over expected joint count.
        odds_ratio: With 0.5 added to each cell (Haldane 1956, Anscombe 1956), so that it is always finite.
        low: Lower end of its 95 % interval (Woolf 1955, on the logarithm), widened by the design effect.
        high: Upper end.
        p_value: Fisher's exact test, one-sided for positive association, or two-sided by doubling the smaller
            tail; its mid-p where the expected count of every cell is at least ten.
    """

    lift: Reals
    odds_ratio: Reals
    low: Reals
    high: Reals
    p_value: Reals


def associate(
    n: Counts,
    n_left: Counts,
    n_right: Counts,
    n_both: Counts,
    *,
    two_sided: bool,
    design_effect: Reals | None = None,
) -> Association:
    """Test each table of `n_both` among `n_left` and `n_right` of `n` units.

    Args:
        n: Units in all, for each table.
        n_left: Units with the left flag.
        n_right: Units with the right flag.
        n_both: Units with both flags.
        two_sided: Whether to test for negative association too.
        design_effect: Transcripts per independent unit, for each table; None means 1.
    """
    effect = np.ones(len(n)) if design_effect is None else np.asarray(design_effect, np.float64)
    odds_ratio, spread = log_odds(n_both, n_left - n_both, n_right - n_both, n - n_left - n_right + n_both, effect)
    return Association(
        lift=n_both * n / np.maximum(n_left * n_right, 1).astype(np.float64),
        odds_ratio=np.exp(odds_ratio),
        low=np.exp(odds_ratio - spread),
        high=np.exp(odds_ratio + spread),
        p_value=_tails(n, n_left, n_right, n_both, effect, two_sided=two_sided),
    )


def log_odds(a: Counts, b: Counts, c: Counts, d: Counts, effect: Reals) -> tuple[Reals, Reals]:
    """The logarithm of the odds ratio of each table a b / c d, and half the width of its 95 % interval."""
    cells = [cell + 0.5 for cell in (a, b, c, d)]
    spread = Z * np.sqrt(effect * sum(1 / cell for cell in cells))
    return np.log(cells[0] * cells[3]) - np.log(cells[1] * cells[2]), spread


def design_effect(sum_of_pairs_per_unit: Reals | float, rho_left: Reals, rho_right: Reals) -> Reals:
    """Variance of a joint count over that of independent units.

    Args:
        sum_of_pairs_per_unit: Sum of m (m - 1) over the groups, per unit.
        rho_left: Intra-group correlation of the left flag.
        rho_right: Of the right flag. One of them is below 0 in a paired design.
    """
    return np.asarray(1.0 + sum_of_pairs_per_unit * rho_left * rho_right, np.float64)


def intra_group_correlation(
    n: Reals, n_shown: Reals, sum_squares: Reals, sum_products: Reals, sum_sizes_squared: Reals
) -> Reals:
    """Moment estimate of a flag's intra-group correlation; 0 where no group has two units or the flag is constant.

    Args:
        n: Units.
        n_shown: Units that show the flag.
        sum_squares: Sum over groups of the square of the units of the group that show it.
        sum_products: Sum over groups of that number times the group's size.
        sum_sizes_squared: Sum over groups of the square of the group's size.
    """
    p = n_shown / np.maximum(n, 1)
    variance = p * (1 - p)
    between = sum_squares - 2 * p * sum_products + p * p * sum_sizes_squared
    pairs = variance * (sum_sizes_squared - n)
    found: Reals = np.where(pairs > 0, (between - n * variance) / np.where(pairs > 0, pairs, 1.0), 0.0)
    return found


def _tails(n: Counts, left: Counts, right: Counts, both: Counts, effect: Reals, *, two_sided: bool) -> Reals:
    p_value = np.empty(len(n))
    # In blocks, because the sums below need some ten arrays of a block's length.
    for start in range(0, len(n), 1 << 18):
        rows = slice(start, start + (1 << 18))
        p_value[rows] = _block(n[rows], left[rows], right[rows], both[rows], effect[rows], two_sided=two_sided)
    return p_value


def _block(n: Counts, left: Counts, right: Counts, both: Counts, effect: Reals, *, two_sided: bool) -> Reals:
    whole = np.maximum(np.rint(n / effect), 1).astype(np.int64)
    some, others = (np.minimum(np.rint(k / effect).astype(np.int64), whole) for k in (left, right))
    expected = some * others / whole
    smallest = np.minimum.reduce(
        [expected, some - expected, others - expected, whole - some - others + expected], axis=0
    )
    shift = np.where(smallest >= MID_P_FROM, 0.5, 0.0)
    least, most = np.maximum(0, some + others - whole), np.minimum(some, others)
    joint = np.clip(both / effect, least, most)
    more = _between(joint + shift, whole, some, others, most)
    p_value: Reals = np.minimum(more, 1.0)
    if two_sided:
        # The lower tail is the upper tail of the units with the left flag but not the right.
        fewer = _between(some - joint + shift, whole, some, whole - others, some - least)
        p_value = np.minimum(1.0, 2 * np.minimum(more, fewer))
    return p_value


def _between(k: Reals, n: Counts, some: Counts, others: Counts, most: Counts) -> Reals:
    """P(X >= k) of hypergeometric X and real k, interpolated between the logarithms of neighbouring integers.

    Half way between k and k + 1 it is the mean of both tails, which is the mid-p.
    """
    floor = np.floor(k + 1e-9).astype(np.int64)
    part = np.maximum(k - floor, 0.0)
    below = upper_tail(floor, n, some, others)
    between = part > 1e-9
    if not between.any():
        return np.exp(below)
    above = below.copy()
    above[between] = upper_tail(floor[between] + 1, n[between], some[between], others[between])
    half = np.abs(part - 0.5) < 1e-9
    # Past the last possible count the tail is 0, so the weight of the last count is used instead.
    last = between & (floor >= most)
    mixed = np.where(last, np.exp(below) * (1 - part), np.exp(below * (1 - part) + np.where(last, 0, above) * part))
    return np.where(half, 0.5 * (np.exp(below) + np.exp(above)), np.where(between, mixed, np.exp(below)))


def upper_tail(k: Counts, n: Counts, some: Counts, others: Counts) -> Reals:
    """The logarithm of P(X >= k), where X counts how many of `some` drawn out of n are among `others` (hypergeometric).

    Summed outwards from the count, away from the mean, by the ratio of neighbouring probabilities, for all tables at
    once, each until its terms are negligible.
    """
    least, most = np.maximum(0, some + others - n), np.minimum(some, others)
    up = k > some * others / np.maximum(n, 1)
    start = np.where(up, k, k - 1)
    possible = (start >= least) & (start <= most)
    at = np.clip(start, least, most)
    first = _log_mass(at, n, some, others)
    total = _series(at.astype(np.float64), up, n.astype(np.float64), some.astype(np.float64), others.astype(np.float64))
    side = np.where(possible, first + np.log(total), -np.inf)
    with np.errstate(divide="ignore"):
        lower = np.log1p(-np.minimum(np.exp(np.where(up, -1.0, side)), 1.0))
    tail = np.where(up, side, lower)
    tail = np.where(k > most, -np.inf, tail)
    return np.where(k <= least, 0.0, tail)


def _series(at: Reals, up: npt.NDArray[np.bool_], n: Reals, some: Reals, others: Reals) -> Reals:
    """1 plus the probabilities of counts farther from the mean, relative to the probability of the count `at`."""
    total = np.ones(len(at))
    rows = np.arange(len(at))
    term, j = np.ones(len(at)), at.copy()
    sign = np.where(up, 1.0, -1.0)
    rest = n - some - others
    while len(rows):
        for _ in range(8):
            ahead = ((some - j) * (others - j)) / np.maximum((j + 1) * (rest + j + 1), 1e-300)
            behind = (j * (rest + j)) / np.maximum((some - j + 1) * (others - j + 1), 1e-300)
            term = term * np.maximum(np.where(sign > 0, ahead, behind), 0.0)
            total[rows] += term
            j = j + sign
        on = term > 1e-14 * total[rows]
        rows, term, j, sign = rows[on], term[on], j[on], sign[on]
        some, others, rest = some[on], others[on], rest[on]
    return total


def _log_mass(k: Counts, n: Counts, some: Counts, others: Counts) -> Reals:
    return _log_choose(some, k) + _log_choose(n - some, others - k) - _log_choose(n, others)


def _log_choose(n: Counts, k: Counts) -> Reals:
    found: Reals = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return found


def false_discovery(p_value: Reals, *, n_tests: int) -> Reals:
    """Benjamini and Hochberg's (1995) adjusted p-values.

    Args:
        p_value: The available p-values.
        n_tests: Size of the whole family; other tests count as p = 1.
    """
    if len(p_value) == 0:
        return p_value
    order = np.argsort(p_value, kind="stable")
    scaled = p_value[order] * max(n_tests, len(p_value)) / np.arange(1, len(p_value) + 1)
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def pair_similarity(vectors: npt.NDArray[np.float32], i: Counts, j: Counts, *, block: int = 65_536) -> Reals:
    """Cosine of rows `i` and `j` of a matrix of unit rows, without holding more than `block` pairs."""
    similarity = np.empty(len(i), np.float64)
    for start in range(0, len(i), block):
        rows = slice(start, start + block)
        similarity[rows] = np.einsum("ij,ij->i", vectors[i[rows]], vectors[j[rows]], dtype=np.float64)
    return similarity

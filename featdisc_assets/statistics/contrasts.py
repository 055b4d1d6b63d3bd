"""How much two groups differ in a share: intervals, and tests within strata (pairs of answers, languages, topics)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc
from scipy.stats import rankdata

Reals = npt.NDArray[np.float64]
Z = 1.959964
# Above this variance of the count, half of its own probability is left out of the tail (Lancaster's mid-p).
MID_P_FROM = 5.0


@dataclass(frozen=True, slots=True)
class Strata:
    """Sums over the strata of each comparison, one element a comparison.

    A stratum of m units, m_in of them inside the group, k showing the cluster, k_in inside and showing it, tells
    something when neither m_in nor k is 0 or m. `for_it` and `against_it` are Mantel and Haenszel's (1959) sums of
    a d / m and b c / m; `agreeing_for`, `mixed` and `differing_against` those of Robins, Breslow and Greenland (1986).

    Attributes:
        n_strata: Strata that tell something.
        k_in: Units inside that show the cluster, in these strata.
        expected: Of k_in, if the group made no difference: sum of m_in k / m.
        variance: Of k_in then: sum of m_in (m - m_in) k (m - k) / (m^2 (m - 1)).
        third: The third cumulant of k_in then: sum of variance times (m - 2 k) (m - 2 m_in) / (m (m - 2)).
        surplus_squared: Sum of the squares of what each stratum has above its expectation.
        surplus_variance: Sum of surplus times variance.
        variance_squared: Sum of the squares of the variances.
        for_it: Sum of a d / m over all strata.
        against_it: Sum of b c / m.
        agreeing_for: Sum of (a + d) / m times a d / m.
        mixed: Sum of (a + d) / m times b c / m, and of (b + c) / m times a d / m.
        differing_against: Sum of (b + c) / m times b c / m.
    """

    n_strata: Reals
    k_in: Reals
    expected: Reals
    variance: Reals
    third: Reals
    surplus_squared: Reals
    surplus_variance: Reals
    variance_squared: Reals
    for_it: Reals
    against_it: Reals
    agreeing_for: Reals
    mixed: Reals
    differing_against: Reals


def stratified_p_value(strata: Strata, design_effect: Reals) -> Reals:
    """The conditional test of no difference within strata, two-sided by doubling the smaller tail.

    The count inside the group, given each stratum's margins, is a sum of hypergeometric counts. It is taken as a
    shifted binomial count with the same mean, variance and third cumulant. That is exact for pairs, where it is
    McNemar's exact test, and wherever each stratum is as likely to give its unit to the group.

    Args:
        strata: Sums over strata.
        design_effect: Units that count as one, for each comparison.
    """
    known = strata.variance > 0
    variance = np.where(known, strata.variance, 1.0)
    # A hypergeometric count's third cumulant is never above its variance, so that this is a probability.
    chance = np.clip((1 - np.where(known, strata.third / variance, 0.0)) / 2, 1e-9, 1 - 1e-9)
    size = variance / (chance * (1 - chance)) / design_effect
    # Rounded, since whole numbers are what pairs give and a tail jumps at each of them.
    k = np.round((strata.k_in - strata.expected) / design_effect + size * chance, 9)
    k = np.clip(k, 0, size)
    shift = np.where(variance / design_effect >= MID_P_FROM, 0.5, 0.0)
    more = _upper(k, size, chance, shift)
    fewer = _upper(size - k, size, 1 - chance, shift)
    return np.where(known, np.minimum(1.0, 2 * np.minimum(more, fewer)), 1.0)


def _upper(k: Reals, n: Reals, p: Reals, shift: Reals) -> Reals:
    """P(X >= k), or with shift 0.5 the mean of P(X >= k) and P(X > k), for X binomial and n, k real."""
    at_least = np.where(k <= 0, 1.0, betainc(np.maximum(k, 1e-12), np.maximum(n - k + 1, 1e-12), p))
    above = np.where(k >= n - 1e-9, 0.0, betainc(np.maximum(k + 1, 1e-12), np.maximum(n - k, 1e-12), p))
    return np.where(shift > 0, 0.5 * (at_least + above), at_least)


def repeated_measures_effect(strata: Strata, *, common_effect: bool) -> Reals:
    """How much more the strata's surpluses vary than single units would; at least 1.

    Where a stratum holds several units of a side (a question answered many times by each model), these resemble one
    another, and each stratum counts more nearly as one unit than as many.

    Args:
        strata: Sums over strata.
        common_effect: Whether surpluses are taken around the one effect that all strata have in common, for an
            interval, or around none, for a test of no effect (the generalised score test, Boos 1992). Around an
            effect fitted to few strata the variance is often far too small, just when that effect is large by chance.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = strata.surplus_squared
        if common_effect:
            slope = np.where(strata.variance > 0, (strata.k_in - strata.expected) / strata.variance, 0.0)
            around = found - 2 * slope * strata.surplus_variance + slope**2 * strata.variance_squared
            found = strata.n_strata / np.maximum(strata.n_strata - 1, 1) * around
        return np.where(strata.variance > 0, np.maximum(1.0, found / strata.variance), 1.0)


def mantel_haenszel(strata: Strata, design_effect: Reals) -> tuple[Reals, Reals, Reals]:
    """The common odds ratio of all strata with its 95 % interval (Robins, Breslow and Greenland 1986).

    Both sums get half of a discordant pair's weight, so that the ratio is finite where nothing speaks against it.
    """
    for_it, against_it = strata.for_it + 0.25, strata.against_it + 0.25
    variance = (
        (strata.agreeing_for + 0.25) / (2 * for_it**2)
        + strata.mixed / (2 * for_it * against_it)
        + (strata.differing_against + 0.25) / (2 * against_it**2)
    )
    centre, half = np.log(for_it / against_it), Z * np.sqrt(design_effect * variance)
    return np.exp(centre), np.exp(centre - half), np.exp(centre + half)


def difference(k_in: Reals, n_in: Reals, k_out: Reals, n_out: Reals, design_effect: Reals) -> tuple[Reals, ...]:
    """The difference of two shares with Newcombe's (1998) hybrid score interval: (difference, low, high).

    Sides without a unit give 0 with the interval from -1 to 1.
    """
    p, p_low, p_high = _wilson(k_in, n_in, design_effect)
    q, q_low, q_high = _wilson(k_out, n_out, design_effect)
    found = p - q
    known = (n_in > 0) & (n_out > 0)
    return (
        np.where(known, found, 0.0),
        np.where(known, found - np.hypot(p - p_low, q_high - q), -1.0),
        np.where(known, found + np.hypot(p_high - p, q - q_low), 1.0),
    )


def _wilson(k: Reals, n: Reals, design_effect: Reals) -> tuple[Reals, Reals, Reals]:
    p, size = k / np.maximum(n, 1), np.maximum(n, 1) / design_effect
    centre, half = p + Z**2 / (2 * size), Z * np.sqrt(p * (1 - p) / size + Z**2 / (4 * size**2))
    scale = 1 + Z**2 / size
    return p, np.clip((centre - half) / scale, 0, 1), np.clip((centre + half) / scale, 0, 1)


def ratio(k_in: Reals, n_in: Reals, k_out: Reals, n_out: Reals, design_effect: Reals) -> tuple[Reals, Reals, Reals]:
    """The ratio of two shares, 0.5 added to each count and size, with its interval on the logarithm (Katz 1978)."""
    a, n, c, m = k_in + 0.5, n_in + 0.5, k_out + 0.5, n_out + 0.5
    centre = np.log(a / n) - np.log(c / m)
    # Walter's (1976) correction: at a share of 1 the spread is 0, never below it.
    half = Z * np.sqrt(design_effect * np.maximum(1 / a - 1 / n + 1 / c - 1 / m, 0))
    return np.exp(centre), np.exp(centre - half), np.exp(centre + half)


def tells_apart(score: Reals, is_in: npt.NDArray[np.bool_]) -> float | None:
    """How well one number alone tells a group from the rest: area under the ROC curve, folded to 0.5 and above.

    None where one side is empty.
    """
    n_in, n_out = int(is_in.sum()), int((~is_in).sum())
    if n_in == 0 or n_out == 0:
        return None
    area = (rankdata(score)[is_in].sum() - n_in * (n_in + 1) / 2) / (n_in * n_out)
    return float(max(area, 1 - area))


def share_inside(category: npt.NDArray[np.int64], is_in: npt.NDArray[np.bool_]) -> Reals:
    """For each unit, how much of its category lies inside the group: what a category alone says of the group."""
    inside: Reals = np.bincount(category, weights=is_in.astype(np.float64)) / np.maximum(np.bincount(category), 1)
    return inside[category]

"""Differences between two groups in a share: intervals, and tests within strata such as pairs of answers or topics."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc
from scipy.stats import rankdata

Reals = npt.NDArray[np.float64]
Z = 1.959964
# From this variance of the count, p-values are Lancaster's mid-p.
MID_P_FROM = 5.0
# A trait (length, language) that separates a group from the rest with at least this AUC gives a warning.
WARN_FROM_AUC = 0.8


@dataclass(frozen=True, slots=True)
class Strata:
    """Sums over the strata of each comparison, one element a comparison.

    A stratum has m units: m_in in the group, k that show the cluster, k_in that are in the group and show it. It is
    informative when neither m_in nor k is 0 or m. The first eight sums are over informative strata. The last five are
    over all strata, in the notation of Robins, Breslow and Greenland (Biometrics 42 (1986), 311-323) for the 2 x 2
    table a, b / c, d: P = (a + d) / m, Q = (b + c) / m, R = a d / m, S = b c / m. Mantel and Haenszel's (1959) odds
    ratio is sum R / sum S.

    Attributes:
        n_strata: Number of informative strata.
        k_in: Units in the group that show the cluster.
        expected: Expectation of k_in under no difference: sum of m_in k / m.
        variance: Variance of k_in under no difference: sum of m_in (m - m_in) k (m - k) / (m^2 (m - 1)).
        third: Third cumulant of k_in: sum of variance times (m - 2 k) (m - 2 m_in) / (m (m - 2)).
        surplus_squared: Sum of (k_in - expected)^2 of each stratum.
        surplus_variance: Sum of (k_in - expected) times variance.
        variance_squared: Sum of variance^2.
        sum_r: Sum of R.
        sum_s: Sum of S.
        sum_pr: Sum of P R.
        sum_ps_qr: Sum of P S + Q R.
        sum_qs: Sum of Q S.
    """

    n_strata: Reals
    k_in: Reals
    expected: Reals
    variance: Reals
    third: Reals
    surplus_squared: Reals
    surplus_variance: Reals
    variance_squared: Reals
    sum_r: Reals
    sum_s: Reals
    sum_pr: Reals
    sum_ps_qr: Reals
    sum_qs: Reals


def stratified_p_value(strata: Strata, design_effect: Reals) -> Reals:
    """The conditional test of no difference within strata, two-sided by doubling the smaller tail.

    The count in the group, given each stratum's margins, is a sum of hypergeometric counts. It is approximated by a
    shifted binomial with the same mean, variance and third cumulant. This is exact for pairs, where it is McNemar's
    exact test, and wherever all strata have the same probability.

    Args:
        strata: Sums over strata.
        design_effect: Units per independent unit, for each comparison.
    """
    known = strata.variance > 0
    variance = np.where(known, strata.variance, 1.0)
    # The third cumulant of a hypergeometric count is at most its variance, so this is a probability.
    chance = np.clip((1 - np.where(known, strata.third / variance, 0.0)) / 2, 1e-9, 1 - 1e-9)
    size = variance / (chance * (1 - chance)) / design_effect
    # Rounded, because pairs give integers and the tail jumps at each of them.
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
    """The empirical variance of the strata's surpluses over that of independent units; at least 1.

    Several units of one side in a stratum (a question answered many times by each model) are correlated.

    Args:
        strata: Sums over strata.
        common_effect: Whether to center surpluses at the common effect, for an interval, or at no effect, for a test
            (the generalised score test, Boos 1992). Centered at an effect fitted to few strata, the variance is often
            far too small when the effect is large by chance.
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

    Both sums get half the weight of a discordant pair, so that the ratio is finite.
    """
    r, s = strata.sum_r + 0.25, strata.sum_s + 0.25
    variance = (
        (strata.sum_pr + 0.25) / (2 * r**2) + strata.sum_ps_qr / (2 * r * s) + (strata.sum_qs + 0.25) / (2 * s**2)
    )
    centre, half = np.log(r / s), Z * np.sqrt(design_effect * variance)
    return np.exp(centre), np.exp(centre - half), np.exp(centre + half)


def difference(k_in: Reals, n_in: Reals, k_out: Reals, n_out: Reals, design_effect: Reals) -> tuple[Reals, ...]:
    """The difference of two shares with Newcombe's (1998) hybrid score interval: (difference, low, high).

    An empty side gives 0 with the interval from -1 to 1.
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
    # Walter's (1976) correction can make the variance negative at a share of 1.
    half = Z * np.sqrt(design_effect * np.maximum(1 / a - 1 / n + 1 / c - 1 / m, 0))
    return np.exp(centre), np.exp(centre - half), np.exp(centre + half)


def separation_auc(score: Reals, is_in: npt.NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve of a score that predicts the group, folded to 0.5 and above; None for an empty side."""
    n_in, n_out = int(is_in.sum()), int((~is_in).sum())
    if n_in == 0 or n_out == 0:
        return None
    area = (rankdata(score)[is_in].sum() - n_in * (n_in + 1) / 2) / (n_in * n_out)
    return float(max(area, 1 - area))


def category_share(category: npt.NDArray[np.int64], is_in: npt.NDArray[np.bool_]) -> Reals:
    """For each unit, the share of its category that is in the group: the best score a category alone gives."""
    share: Reals = np.bincount(category, weights=is_in.astype(np.float64)) / np.maximum(np.bincount(category), 1)
    return share[category]

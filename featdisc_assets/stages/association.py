"""Do two things occur together more often than by chance: odds ratios, exact tests, false-discovery control."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Association:
    """Figures of many 2 x 2 tables, one element a table.

    Attributes:
        lift: Observed over expected joint count.
        odds_ratio: With 0.5 added to each cell (Haldane 1956, Anscombe 1956), so that it is always finite.
        low: Lower end of its 95 % interval (Woolf 1955, on the logarithm).
        high: Upper end.
        p_value: Fisher's exact test, one-sided for togetherness, or two-sided by doubling the smaller tail.
    """

    lift: Reals
    odds_ratio: Reals
    low: Reals
    high: Reals
    p_value: Reals


def associate(n: Counts, n_left: Counts, n_right: Counts, n_both: Counts, *, two_sided: bool) -> Association:
    """Test each table of `n_both` among `n_left` and `n_right` of `n` units.

    Args:
        n: Units in all, for each table.
        n_left: Units that show the left thing.
        n_right: Units that show the right thing.
        n_both: Units that show both.
        two_sided: Whether being rarer together than by chance counts too.
    """
    a = n_both + 0.5
    b = n_left - n_both + 0.5
    c = n_right - n_both + 0.5
    d = n - n_left - n_right + n_both + 0.5
    log_odds = np.log(a * d) - np.log(b * c)
    spread = 1.959964 * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    more = hypergeom.sf(n_both - 1, n, n_left, n_right)
    if two_sided:
        p_value = np.minimum(1.0, 2 * np.minimum(more, hypergeom.cdf(n_both, n, n_left, n_right)))
    else:
        p_value = np.clip(more, 0.0, 1.0)
    return Association(
        lift=n_both * n / np.maximum(n_left * n_right, 1).astype(np.float64),
        odds_ratio=np.exp(log_odds),
        low=np.exp(log_odds - spread),
        high=np.exp(log_odds + spread),
        p_value=p_value,
    )


def false_discovery(p_value: Reals, *, n_tests: int) -> Reals:
    """Benjamini and Hochberg's (1995) adjusted p-values.

    Args:
        p_value: The p-values at hand.
        n_tests: Size of the whole family; tests that are not at hand count as p = 1.
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

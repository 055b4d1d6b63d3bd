"""Label fidelity: how well a label separates its members from members of the nearest clusters (ROC AUC)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One value per group, in the order of the groups; NaN without members or without others.

    `auc` is the probability that a random member scores above a random other feature, with ties counting half; 0.5 is
    chance. `low` and `high` are the ends of its 95 % interval.
    """

    n_members: npt.NDArray[np.int64]
    n_others: npt.NDArray[np.int64]
    auc: Floats
    low: Floats
    high: Floats


def fidelity(
    group: npt.NDArray[np.int64], is_member: npt.NDArray[np.bool_], score: npt.NDArray[np.floating], *, n_groups: int
) -> Fidelity:
    """The area under the curve of each group, from ranks (Mann and Whitney 1947), with Newcombe's interval.

    The interval solves |auc - t| = z sqrt(V(t)) for t, V being Hanley and McNeil's variance with (m + n) / 2 - 1 in
    place of m - 1 and n - 1: method 5 of Newcombe, Statistics in Medicine 25 (2006), 559-573. It stays within 0 and 1
    and does not collapse where all members score above all others.

    Args:
        group: Group of each item, from 0.
        is_member: Whether it is a member of the group's cluster.
        score: Similarity to the label.
        n_groups: Number of groups.
    """
    order = np.lexsort((score, group))
    groups, members, scores = group[order], is_member[order], score[order]
    # Ties share their mean rank. Ranks are over all items; the offset of each group is subtracted later.
    new = np.ones(len(order), bool)
    new[1:] = (groups[1:] != groups[:-1]) | (scores[1:] != scores[:-1])
    tie = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    size = np.diff(np.append(first, len(order)))
    rank = (first + (size + 1) / 2)[tie] if len(order) else np.zeros(0)
    sizes = np.bincount(groups, minlength=n_groups)
    before = np.cumsum(sizes) - sizes
    n_members = np.bincount(groups[members], minlength=n_groups)
    n_others = sizes - n_members
    ranks = np.bincount(groups[members], weights=rank[members], minlength=n_groups) - n_members * before
    both = (n_members > 0) & (n_others > 0)
    auc = np.full(n_groups, np.nan)
    auc[both] = (ranks - n_members * (n_members + 1) / 2)[both] / (n_members * n_others)[both]
    low, high = interval(auc, n_members, n_others)
    return Fidelity(n_members, n_others, auc, low, high)


def interval(auc: Floats, n_members: npt.NDArray[np.int64], n_others: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Newcombe's limits of areas under curves at 95 %, by bisection; NaN stays NaN."""
    return (
        _solve(auc, n_members, n_others, towards=np.zeros_like(auc)),
        _solve(auc, n_members, n_others, towards=np.ones_like(auc)),
    )


def _solve(auc: Floats, m: npt.NDArray[np.int64], n: npt.NDArray[np.int64], *, towards: Floats) -> Floats:
    inside, outside = auc.copy(), towards.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(50):
            t = (inside + outside) / 2
            star = (m + n) / 2 - 1
            variance = t * (1 - t) * (1 + star * (1 - t) / (2 - t) + star * t / (1 + t)) / (m * n)
            within = np.abs(auc - t) <= Z * np.sqrt(variance)
            inside, outside = np.where(within, t, inside), np.where(within, outside, t)
    found = (inside + outside) / 2
    # A limit at the end of the scale is set exactly.
    return np.where(np.abs(found - towards) < 1e-9, towards, found)

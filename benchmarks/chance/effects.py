"""Planted effects, and the power that textbooks give a test of each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import nct, norm
from scipy.stats import t as student

from benchmarks.chance.corpora import Corpus, Flags, group_keys, questions
from benchmarks.chance.families import contrast_family, pair_family, probe_families
from featdisc_assets.statistics import association


@dataclass(frozen=True, slots=True)
class Effect:
    """A planted effect: how its transcripts are made, and the power that a formula gives a test at 0.05.

    Attributes:
        name: What is planted.
        make: Transcripts, and flags of as many independent clusters as are asked for, each with the effect.
        power: By the formula.
        formula: Whose.
    """

    name: str
    make: Callable[[np.random.Generator, int], tuple[Corpus, Flags]]
    power: float
    formula: str

    def found(self, random: np.random.Generator, runs: int) -> float:
        """The share of so many clusters whose first model differs from the rest at p < 0.05, in the right direction."""
        corpus, flags = self.make(random, runs)
        figures = contrast_family(flags, corpus).slice(0, runs)
        right = figures["difference"].to_numpy() > 0
        return float((right & (figures["p_value"].to_numpy() < 0.05)).mean())


def _two_shares(n: float, m: float, p: float, q: float, *, correction: bool = False, two_sided: bool = True) -> float:
    """Power of the test of two shares, of n and m units (Fleiss 1981); corrected, that of Fisher's exact one.

    The correction is that of Casagrande, Pike and Smith (1978).
    """
    mean = (n * p + m * q) / (n + m)
    gap = abs(p - q) - (correction and (1 / n + 1 / m) / 2)
    z = norm.ppf(0.975 if two_sided else 0.95)
    at_null, at_effect = np.sqrt(mean * (1 - mean) * (1 / n + 1 / m)), np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    return float(norm.cdf((gap - z * at_null) / at_effect))


def two_shares(n: int, p: float, q: float, *, exact: bool = False) -> Effect:
    """Strangers, n to each of two models; `rare` where the exact test is used, since expected counts are below ten."""

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        side = np.repeat([0, 1], n)
        return Corpus(np.arange(2 * n), side), random.random((2 * n, runs)) < np.where(side == 0, p, q)[:, None]

    formula = "Casagrande, Pike and Smith" if exact else "Fleiss"
    return Effect(f"{n} and {n} strangers, {p:g} and {q:g}", make, _two_shares(n, n, p, q, correction=exact), formula)


def pairs_of_answers(n: int, first_only: float, second_only: float, *, exact: bool = False) -> Effect:
    """Questions to two models, with the shares of questions whose answers differ either way (Connor 1987).

    Where at most some twenty differ the exact test is used: `rare` then takes half a pair of each side from the gap.
    """

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        drawn = random.random((n, runs))
        both = 0.15
        first = drawn < first_only + both
        second = (drawn >= first_only) & (drawn < first_only + both + second_only)
        flags = np.stack([first, second], axis=1).reshape(2 * n, runs)
        return Corpus(group_keys(random, n, 2), np.tile([0, 1], n)), flags

    differ, gap = first_only + second_only, first_only - second_only
    spread = np.sqrt(differ - gap**2)
    power = norm.cdf(((gap - exact / n) * np.sqrt(n) - norm.ppf(0.975) * np.sqrt(differ)) / spread)
    name = f"{n} questions to two models, {first_only:g} and {second_only:g} differ"
    return Effect(name, make, float(power), "Connor, corrected" if exact else "Connor")


def clustered_shares(groups: int, size: int, rho: float, p: float, q: float) -> Effect:
    """Users of one model each, so many a model and of so many chats, correlated by rho (Donner, Birkett and Buck 1981).

    The formula is that of strangers, at the number of transcripts divided by the design effect.
    """

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        corpus = Corpus(group_keys(random, 2 * groups, size), np.repeat([0, 1], groups * size))
        share = np.repeat([p, q], groups)[:, None]
        spread = (1 - rho) / rho
        habit = random.beta(share * spread, (1 - share) * spread, size=(2 * groups, runs))
        return corpus, random.random((len(corpus.unit), runs)) < habit[corpus.unit]

    units = groups * size / (1 + (size - 1) * rho)
    name = f"{groups} and {groups} users of {size} chats, correlation {rho:g}, {p:g} and {q:g}"
    return Effect(name, make, _two_shares(units, units, p, q), "Donner, Birkett and Buck")


def stratified_shares(n: int, odds_ratio: float) -> Effect:
    """Four languages of n transcripts, unlike in base rate and in their share of the first model.

    Power of Mantel and Haenszel's test by the moments of its count (Munoz and Rosner 1984).
    """
    base, inside = np.array([0.1, 0.2, 0.4, 0.6]), (np.array([0.2, 0.4, 0.6, 0.8]) * n).astype(np.int64)
    raised = odds_ratio * base / (1 - base + odds_ratio * base)

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        language = np.repeat(np.arange(4), n)
        side = np.concatenate([np.arange(n) >= k for k in inside]).astype(np.int64)
        share = np.where(side == 0, raised[language], base[language])
        return Corpus(np.arange(4 * n), side, language), random.random((4 * n, runs)) < share[:, None]

    weight = inside * (n - inside) / n
    mean = (inside * raised + (n - inside) * base) / n
    at_null = (weight * mean * (1 - mean)).sum()
    at_effect = (weight**2 * (raised * (1 - raised) / inside + base * (1 - base) / (n - inside))).sum()
    gap = (weight * (raised - base)).sum()
    power = norm.cdf((gap - norm.ppf(0.975) * np.sqrt(at_null)) / np.sqrt(at_effect))
    return Effect(f"four languages of {n}, odds ratio {odds_ratio:g}", make, float(power), "Munoz and Rosner")


def repeated_shares(groups: int, epochs: int, rho: float, p: float, q: float) -> Effect:
    """Questions that two models answer many times, each with whims of its own: the paired t-test of their shares."""

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        corpus = questions(groups, 2, epochs)(random)
        share, spread = np.array([p, q])[None, :, None], (1 - rho) / rho
        habit = random.beta(share * spread, (1 - share) * spread, size=(groups, 2, runs))
        return corpus, random.random((len(corpus.unit), runs)) < habit[corpus.unit, corpus.side]

    variance = sum(share * (1 - share) * (rho + (1 - rho) / epochs) for share in (p, q))
    shift, edge = (p - q) / np.sqrt(variance / groups), student.ppf(0.975, groups - 1)
    name = f"{groups} questions to two models {epochs} times, correlation {rho:g}, {p:g} and {q:g}"
    return Effect(name, make, float(nct.sf(edge, groups - 1, shift)), "paired t-test")


EFFECTS = (
    two_shares(150, 0.45, 0.30),
    two_shares(400, 0.10, 0.05),
    two_shares(1_000, 0.56, 0.50),
    two_shares(100, 0.12, 0.02, exact=True),
    pairs_of_answers(60, 0.25, 0.08, exact=True),
    pairs_of_answers(200, 0.20, 0.10),
    pairs_of_answers(400, 0.15, 0.09),
    clustered_shares(60, 6, 0.3, 0.35, 0.20),
    clustered_shares(100, 10, 0.1, 0.20, 0.13),
    clustered_shares(30, 10, 0.2, 0.50, 0.30),
    clustered_shares(15, 10, 0.3, 0.60, 0.25),
    stratified_shares(100, 2.0),
    stratified_shares(40, 3.0),
    repeated_shares(40, 10, 0.2, 0.45, 0.30),
    repeated_shares(100, 5, 0.2, 0.30, 0.20),
)
# Transcripts, share that shows the one cluster, share of these and of the others that shows what goes with it.
PLANTED_PAIRS = ((600, 0.1, 0.30, 0.15), (2_000, 0.05, 0.20, 0.10), (400, 0.5, 0.40, 0.30))
PLANTED_PROBES = (
    (120, 0.3, 0.6, 0.1), (240, 0.3, 0.6, 0.1), (240, 0.2, 0.5, 0.1), (600, 0.2, 0.5, 0.1), (600, 0.2, 0.4, 0.2)
)  # fmt: skip


def pair_power(n: int, share: float, p: float, q: float, random: np.random.Generator, runs: int) -> tuple[float, float]:
    """How often a pair is found at p < 0.05 one-sided, and the formula for two shares of so many transcripts.

    Args:
        n: Transcripts.
        share: Of them that show the left cluster.
        p: Of these that show the right one.
        q: Of the others.
        random: Of the draws.
        runs: Of them.
    """
    with_it = round(share * n)
    left = (np.arange(n) < with_it)[:, None]
    right = random.random((n, runs)) < np.where(left, p, q)
    p_value = pair_family(left, right, np.arange(n)).p_value
    # The exact test is used where a cell is expected to hold fewer than ten.
    exact = with_it * (share * p + (1 - share) * q) < association.MID_P_FROM
    return float((p_value < 0.05).mean()), _two_shares(with_it, n - with_it, p, q, two_sided=False, correction=exact)


def probe_power(n: int, share: float, p: float, q: float, random: np.random.Generator, runs: int) -> tuple[float, ...]:
    """How often a probe of a target that follows one of ten clusters is worth reading, in a family of its own.

    Args:
        n: Transcripts.
        share: Of them that show each of the ten.
        p: Of those that show the one, how many show the target.
        q: Of the others.
        random: Of the draws.
        runs: Targets in all, fifty on the same inputs.

    Returns:
        The share of targets worth reading, and the power of a one-sided test of two shares that knew the cluster.
    """
    corpus = Corpus(np.arange(n), np.zeros(n, np.int64))
    worth = []
    for _ in range(0, runs, 50):
        x = random.random((n, 10)) < share
        targets = random.random((n, 50)) < np.where(x[:, np.arange(50) % 10], p, q)
        worth += [found[1, 0] for found in probe_families(x, targets, corpus, random, size=1)]
    return float(np.mean(worth)), _two_shares(n * share, n * (1 - share), p, q, two_sided=False)

"""Planted effects, and the textbook power of a test of each."""

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
    """A planted effect and the power of a test of it at level 0.05.

    Attributes:
        name: What is planted.
        make: Draws transcripts and flags of the given number of independent clusters, each with the effect.
        power: According to the formula.
        formula: Its authors.
    """

    name: str
    make: Callable[[np.random.Generator, int], tuple[Corpus, Flags]]
    power: float
    formula: str

    def found(self, random: np.random.Generator, runs: int) -> float:
        """Share of `runs` clusters found: p < 0.05, and the first model has the higher rate."""
        corpus, flags = self.make(random, runs)
        figures = contrast_family(flags, corpus).slice(0, runs)
        right = figures["difference"].to_numpy() > 0
        return float((right & (figures["p_value"].to_numpy() < 0.05)).mean())


def _two_shares(n: float, m: float, p: float, q: float, *, correction: bool = False, two_sided: bool = True) -> float:
    """Power of the test of two proportions of n and m units (Fleiss 1981).

    With `correction`, power of Fisher's exact test (Casagrande, Pike and Smith 1978).
    """
    mean = (n * p + m * q) / (n + m)
    gap = abs(p - q) - (correction and (1 / n + 1 / m) / 2)
    z = norm.ppf(0.975 if two_sided else 0.95)
    at_null, at_effect = np.sqrt(mean * (1 - mean) * (1 / n + 1 / m)), np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    return float(norm.cdf((gap - z * at_null) / at_effect))


def two_shares(n: int, p: float, q: float, *, exact: bool = False) -> Effect:
    """Ungrouped chats, n for each of two models. `exact` if expected counts are below ten: the exact test is used."""

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        side = np.repeat([0, 1], n)
        return Corpus(np.arange(2 * n), side), random.random((2 * n, runs)) < np.where(side == 0, p, q)[:, None]

    formula = "Casagrande, Pike and Smith" if exact else "Fleiss"
    return Effect(
        f"{n} and {n} ungrouped chats, {p:g} and {q:g}", make, _two_shares(n, n, p, q, correction=exact), formula
    )


def pairs_of_answers(n: int, first_only: float, second_only: float, *, exact: bool = False) -> Effect:
    """Questions to two models, given the two shares of questions whose answers differ (Connor 1987).

    `exact` if about twenty or fewer differ: the exact test is used, and the formula gets a continuity correction.
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
    """Users of one model each, with correlation rho between the chats of a user (Donner, Birkett and Buck 1981).

    The formula is that of ungrouped chats, with the number of chats divided by the design effect.
    """

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        corpus = Corpus(group_keys(random, 2 * groups, size), np.repeat([0, 1], groups * size))
        share = np.repeat([p, q], groups)[:, None]
        spread = (1 - rho) / rho
        rate = random.beta(share * spread, (1 - share) * spread, size=(2 * groups, runs))
        return corpus, random.random((len(corpus.unit), runs)) < rate[corpus.unit]

    units = groups * size / (1 + (size - 1) * rho)
    name = f"{groups} and {groups} users of {size} chats, correlation {rho:g}, {p:g} and {q:g}"
    return Effect(name, make, _two_shares(units, units, p, q), "Donner, Birkett and Buck")


def stratified_shares(n: int, odds_ratio: float) -> Effect:
    """Four languages of n transcripts, with different base rates and shares of the first model.

    Power of the Mantel-Haenszel test from the moments of its count (Munoz and Rosner 1984).
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
    """Questions that two models answer `epochs` times, with group-by-model effects: paired t-test of the rates."""

    def make(random: np.random.Generator, runs: int) -> tuple[Corpus, Flags]:
        corpus = questions(groups, 2, epochs)(random)
        share, spread = np.array([p, q])[None, :, None], (1 - rho) / rho
        rate = random.beta(share * spread, (1 - share) * spread, size=(groups, 2, runs))
        return corpus, random.random((len(corpus.unit), runs)) < rate[corpus.unit, corpus.side]

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
# Number of transcripts, share that shows the first cluster, share of those and of the others that shows the second.
PLANTED_PAIRS = ((600, 0.1, 0.30, 0.15), (2_000, 0.05, 0.20, 0.10), (400, 0.5, 0.40, 0.30))
PLANTED_PROBES = (
    (120, 0.3, 0.6, 0.1), (240, 0.3, 0.6, 0.1), (240, 0.2, 0.5, 0.1), (600, 0.2, 0.5, 0.1), (600, 0.2, 0.4, 0.2)
)  # fmt: skip


def pair_power(n: int, share: float, p: float, q: float, random: np.random.Generator, runs: int) -> tuple[float, float]:
    """Share of runs in which a pair is found at p < 0.05, one-sided, and the power of the formula for two proportions.

    Args:
        n: Number of transcripts.
        share: Share of transcripts that show the left cluster.
        p: Share of those that show the right cluster.
        q: Share of the others that show the right cluster.
        random: Generator of all draws.
        runs: Number of draws.
    """
    with_it = round(share * n)
    left = (np.arange(n) < with_it)[:, None]
    right = random.random((n, runs)) < np.where(left, p, q)
    p_value = pair_family(left, right, np.arange(n)).p_value
    # The exact test is used if a cell's expected count is below ten.
    exact = with_it * (share * p + (1 - share) * q) < association.MID_P_FROM
    return float((p_value < 0.05).mean()), _two_shares(with_it, n - with_it, p, q, two_sided=False, correction=exact)


def probe_power(n: int, share: float, p: float, q: float, random: np.random.Generator, runs: int) -> tuple[float, ...]:
    """How often a probe is worth reading if its target depends on one of ten clusters. Each probe is its own family.

    Args:
        n: Number of transcripts.
        share: Share of transcripts that show each of the ten clusters.
        p: Share of those with the cluster that show the target.
        q: Share of the others that show the target.
        random: Generator of all draws.
        runs: Number of targets; fifty share the same inputs.

    Returns:
        Share of targets worth reading, and the power of a one-sided test of two proportions that knows the cluster.
    """
    corpus = Corpus(np.arange(n), np.zeros(n, np.int64))
    worth = []
    for _ in range(0, runs, 50):
        x = random.random((n, 10)) < share
        targets = random.random((n, 50)) < np.where(x[:, np.arange(50) % 10], p, q)
        worth += [found[1, 0] for found in probe_families(x, targets, corpus, random, size=1)]
    return float(np.mean(worth)), _two_shares(n * share, n * (1 - share), p, q, two_sided=False)

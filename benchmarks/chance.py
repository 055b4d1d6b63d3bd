"""What the statistics find where nothing is, and how often they find what is there, beside a textbook's power.

    python -m benchmarks.chance [pairs|contrasts|probes|power ...] [--families N] [--runs N]

`pairs`, `contrasts` and `probes` make families of tests in which no relation is true, with and without transcripts that
are alike within groups, and print the share of families in which anything is found, with its standard error. `power`
plants effects of stated sizes and prints the share found at p < 0.05 beside a formula's. All of it goes through the
code the assets go by.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse
from scipy.stats import nct, norm
from scipy.stats import t as student

from featdisc_assets.assets.probes import held_to_chance
from featdisc_assets.assets.tabulating import contrasted
from featdisc_assets.stages import association, probing

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
CLUSTERS = 20


@dataclass(frozen=True, slots=True)
class Made:
    """Transcripts of a made-up corpus.

    Attributes:
        unit: The group key of each transcript.
        side: The model of each.
        stratum: The language of each, where contrasts are stratified by it.
    """

    unit: Counts
    side: Counts
    stratum: Counts | None = None


def flags_of(
    made: Made,
    random: np.random.Generator,
    *,
    clusters: int = CLUSTERS,
    alike: float = 0.0,
    by_stratum: float = 0.0,
    whims: float = 0.0,
) -> Flags:
    """Transcripts x clusters, each cluster independent of the others and of the model.

    Args:
        made: The transcripts.
        random: Of all draws.
        clusters: How many; base rates from a twentieth to a half.
        alike: Standard deviation of the log-odds between groups: 2.5 makes transcripts of a group much alike.
        by_stratum: The same between strata.
        whims: The same between the models of a group, each group's its own.
    """
    score = np.tile(random.uniform(-3, 0, clusters), (len(made.unit), 1))
    score += alike * random.normal(size=(made.unit.max() + 1, clusters))[made.unit]
    if made.stratum is not None:
        score += by_stratum * random.normal(size=(made.stratum.max() + 1, clusters))[made.stratum]
    if whims:
        each = made.unit * (made.side.max() + 1) + made.side
        score += whims * random.normal(size=(each.max() + 1, clusters))[each]
    shown: Flags = random.random(score.shape) < 1 / (1 + np.exp(-score))
    return shown


def _keys(random: np.random.Generator, groups: int, size: int | None) -> Counts:
    """Group keys: so many groups of one size, or of one to twenty."""
    sizes = np.minimum(random.geometric(0.15, groups), 20) if size is None else np.full(groups, size)
    return np.repeat(np.arange(groups), sizes)


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of corpus: how its transcripts are made, and how alike they are."""

    name: str
    make: Callable[[np.random.Generator], Made]
    alike: float = 0.0
    by_stratum: float = 0.0
    whims: float = 0.0

    def flags(self, made: Made, random: np.random.Generator, clusters: int = CLUSTERS) -> Flags:
        """Flags of transcripts of this kind."""
        return flags_of(made, random, clusters=clusters, alike=self.alike, by_stratum=self.by_stratum, whims=self.whims)


def _strangers(random: np.random.Generator) -> Made:
    return Made(np.arange(600), random.integers(0, 3, 600))


def _users(groups: int, size: int | None) -> Callable[[np.random.Generator], Made]:
    def make(random: np.random.Generator) -> Made:
        unit = _keys(random, groups, size)
        return Made(unit, random.permutation(np.arange(groups) % 3)[unit])

    return make


def _changeable_users(random: np.random.Generator) -> Made:
    """Each user has a favourite among three models and strays from it half of the time."""
    unit = _keys(random, 100, None)
    strays = random.random(len(unit)) < 0.5
    return Made(unit, np.where(strays, random.integers(0, 3, len(unit)), random.integers(0, 3, 100)[unit]))


def _questions(groups: int, models: int, epochs: int) -> Callable[[np.random.Generator], Made]:
    def make(random: np.random.Generator) -> Made:
        # Nothing of it is drawn: each model answers each question as often as the others.
        return Made(_keys(random, groups, models * epochs), np.tile(np.arange(models), groups * epochs))

    return make


def _languages(groups: int, size: int | None) -> Callable[[np.random.Generator], Made]:
    """Four languages; a model is the likelier, the higher the language's number."""

    def make(random: np.random.Generator) -> Made:
        unit = _keys(random, groups, size)
        language = random.integers(0, 4, groups)
        return Made(unit, (random.random(groups) < 0.2 + 0.2 * language).astype(np.int64)[unit], language[unit])

    return make


PAIR_SHAPES = (
    Shape("600 strangers", _strangers),
    Shape("100 groups of six, alike", _users(100, 6), alike=2.5),
    Shape("80 groups of one to twenty, alike", _users(80, None), alike=2.5),
    Shape("20 groups of thirty, alike", _users(20, 30), alike=2.5),
)
CONTRAST_SHAPES = (
    Shape("600 strangers, three models", _strangers),
    Shape("100 users of six chats, one model each, alike", _users(100, 6), alike=2.5),
    Shape("80 users of one to twenty chats, one model each, alike", _users(80, None), alike=2.5),
    Shape("24 users of ten chats, one model each, alike", _users(24, 10), alike=2.5),
    Shape("100 users who change between models, alike", _changeable_users, alike=2.5),
    Shape("100 questions to six models", _questions(100, 6, 1), alike=2.5),
    Shape("40 questions to two models, ten times, whims", _questions(40, 2, 10), alike=1.5, whims=1.5),
    Shape("600 strangers, by language", _languages(600, 1), by_stratum=1.5),
    Shape("100 users of six chats, by language, alike", _languages(100, 6), alike=2.5, by_stratum=1.5),
)
PROBE_SHAPES = (
    Shape("240 strangers", lambda random: Made(np.arange(240), random.integers(0, 3, 240))),
    Shape("40 groups of six, alike", _users(40, 6), alike=2.5),
    Shape("60 groups of one to twenty, alike", _users(60, None), alike=2.5),
)


# --- pairs


def summed(values: npt.NDArray[Any], into: Counts) -> Reals:
    """Sums of rows by the number each goes into."""
    to = sparse.csr_matrix((np.ones(len(into)), (into, np.arange(len(into)))), (int(into.max()) + 1, len(into)))
    return np.asarray(to @ values.astype(np.float64))


def pair_family(left: Flags, right: Flags, unit: Counts, *, grouped: bool = True) -> association.Association:
    """Every left flag with every right one, tested as `cooccurrence` does.

    Args:
        left: Transcripts x flags.
        right: The same.
        unit: Group key of each transcript.
        grouped: Whether the test knows of the groups.
    """
    n, sizes = len(unit), np.bincount(unit).astype(np.float64)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(left.shape[1]), np.arange(right.shape[1]), indexing="ij"))
    rho = []
    for flags in (left, right):
        by, shown = summed(flags, unit), flags.sum(axis=0).astype(np.float64)
        whole = np.full(len(shown), float((sizes**2).sum()))
        of_all = np.full(len(shown), float(n))
        rho.append(association.intra_group_correlation(of_all, shown, (by**2).sum(axis=0), sizes @ by, whole))
    effect = np.maximum(association.design_effect((sizes**2).sum() / n - 1, rho[0][i], rho[1][j]), 1.0)
    both = (left.astype(np.int64).T @ right)[i, j]
    totals = left.sum(axis=0).astype(np.int64)[i], right.sum(axis=0).astype(np.int64)[j]
    return association.associate(
        np.full(len(i), n), *totals, both, two_sided=False, design_effect=effect if grouped else None
    )


# --- contrasts


def counted(flags: Flags, made: Made) -> pa.Table:
    """What `tables/group_contrasts.sql` gives for transcripts that are all rated: each model against all others."""
    unit, side = made.unit, made.side
    n, clusters = flags.shape
    sizes, shown = np.bincount(unit).astype(np.float64), flags.sum(axis=0).astype(np.float64)
    by_unit = summed(flags, unit)
    parts = []
    for value in np.unique(side):
        is_in = side == value
        m_in = summed(is_in[:, None], unit)[:, 0]
        is_paired = float(sizes[(m_in > 0) & (m_in < sizes)].sum()) >= 0.9 * n
        clustered = float((sizes**2).sum()) > n
        design = "paired" if is_paired else "stratified" if made.stratum is not None else None
        stratum = unit if is_paired else made.stratum if made.stratum is not None else np.zeros(n, np.int64)
        m, inside = (summed(of[:, None].astype(np.float64), stratum) for of in (np.ones(n), is_in))
        k, k_in = summed(flags, stratum), summed(flags & is_in[:, None], stratum)
        seen = np.maximum(m, 1)
        expected = inside * k / seen
        variance = inside * (m - inside) * k * (m - k) / (seen * seen * np.maximum(m - 1, 1))
        skew = (m - 2 * k) * (m - 2 * inside) / (seen * np.maximum(m - 2, 1))
        tells = (k > 0) & (k < m) & (inside > 0) & (inside < m)
        surplus = k_in - expected
        for_it, against_it = k_in * (m - inside - k + k_in) / seen, (inside - k_in) * (k - k_in) / seen
        agreeing = (2 * k_in + m - inside - k) / seen
        inner = {
            "n_strata": tells, "k_strata": k_in * tells, "expected": expected * tells, "variance": variance * tells,
            "third": variance * skew * tells, "surplus_squared": surplus**2 * tells,
            "surplus_variance": surplus * variance * tells, "variance_squared": variance**2 * tells,
            "for_it": for_it, "against_it": against_it, "agreeing_for": agreeing * for_it,
            "mixed": agreeing * against_it + (1 - agreeing) * for_it, "differing_against": (1 - agreeing) * against_it,
        }  # fmt: skip
        n_in, whole = float(is_in.sum()), float((sizes**2).sum())
        of_side = {
            "n_in": n_in, "n_out": n - n_in, "sum_sizes_squared": whole, "sum_in_squared": float((m_in**2).sum()),
            "sum_in_products": float(m_in @ sizes), "n_rated": float(n), "rated_sizes_squared": whole,
        }  # fmt: skip
        of_cluster = {
            "k_in": (flags & is_in[:, None]).sum(axis=0), "k_out": (flags & ~is_in[:, None]).sum(axis=0),
            "n_shown": shown, "sum_squares": (by_unit**2).sum(axis=0), "sum_products": sizes @ by_unit,
        }  # fmt: skip
        columns: dict[str, Any] = {
            "grouped_by": ["model"] * clusters,
            "group_value": [f"model-{value}"] * clusters,
            "kind": ["response"] * clusters,
            "cluster_id": [f"response-{i:02}" for i in range(clusters)],
            "design": [design or ("clustered" if clustered else "independent")] * clusters,
            "is_repeated": [is_paired and m_in.max() > 1 and (sizes - m_in).max() > 1] * clusters,
        }
        columns |= {name: np.full(clusters, figure) for name, figure in of_side.items()}
        columns |= {name: np.asarray(figure, np.float64) for name, figure in of_cluster.items()}
        columns |= {name: np.asarray(figure, np.float64).sum(axis=0) for name, figure in inner.items()}
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def contrast_family(flags: Flags, made: Made, *, grouped: bool = True) -> pa.Table:
    """Every cluster of each model against all others, tested as `group_contrasts` does.

    Args:
        flags: Transcripts x clusters.
        made: Their models, group keys and languages.
        grouped: Whether the test knows of the groups; if not, nor does it know of languages.
    """
    if not grouped:
        made = replace(made, unit=np.arange(len(made.unit)), stratum=None)
    return contrasted(counted(flags, made), family=["grouped_by"], min_support=5)


# --- probes

# As the assets have them by default, for few groups.
KNOBS = probing.Knobs(
    tested_folds=5, tuning_folds=4, tuned_folds=4, c=(0.01, 0.03, 0.1, 0.3, 1.0), n_weights=1, n_draws=400, seed=0
)


def probe_families(x: Flags, targets: Flags, made: Made, random: np.random.Generator, *, size: int) -> list[Flags]:
    """Families of so many probes each, on the same inputs.

    Args:
        x: Transcripts x clusters of the user's turns.
        targets: Transcripts x targets, as many as there are families times the size of one.
        made: Their models and group keys.
        random: Of the lengths.
        size: Probes of a family.

    Returns:
        For each family: whether a probe beats every baseline by its interval, and whether it is worth reading besides.
    """
    length = random.normal(size=len(made.unit))
    plain = sparse.csr_matrix(np.column_stack([length, made.side[:, None] == np.arange(made.side.max() + 1)]))
    found, _ = probing.probe_all(
        sparse.csr_matrix(x.astype(np.float32)), plain, sparse.csc_matrix(targets), [f"g{i}" for i in made.unit],
        folds=5, knobs=replace(KNOBS, seed=int(random.integers(1 << 30))), threads=1, tell=lambda done: None,
    )  # fmt: skip
    names = [name for name in probing.Probe.__slots__ if name != "weights"]
    families = []
    for start in range(0, len(found), size):
        rows: list[dict[str, Any]] = [
            {name: getattr(one, name) for name in names} | {"p_value": None, "q_value": None}
            for one in found[start : start + size]
        ]
        held_to_chance(rows)
        beats = np.array([(row["margin_low"] or 0) > 0 for row in rows])
        beyond = np.array([row["q_value"] is not None and row["q_value"] < 0.05 for row in rows])
        families.append(np.stack([beats, beats & beyond]))
    return families


# --- power


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
    make: Callable[[np.random.Generator, int], tuple[Made, Flags]]
    power: float
    formula: str

    def found(self, random: np.random.Generator, runs: int) -> float:
        """The share of so many clusters whose first model differs from the rest at p < 0.05, in the right direction."""
        made, flags = self.make(random, runs)
        figures = contrast_family(flags, made).slice(0, runs)
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


def two_shares(n: int, p: float, q: float, *, rare: bool = False) -> Effect:
    """Strangers, n to each of two models; `rare` where the exact test is used, since expected counts are below ten."""

    def make(random: np.random.Generator, runs: int) -> tuple[Made, Flags]:
        side = np.repeat([0, 1], n)
        return Made(np.arange(2 * n), side), random.random((2 * n, runs)) < np.where(side == 0, p, q)[:, None]

    formula = "Casagrande, Pike and Smith" if rare else "Fleiss"
    return Effect(f"{n} and {n} strangers, {p:g} and {q:g}", make, _two_shares(n, n, p, q, correction=rare), formula)


def pairs_of_answers(n: int, only_first: float, only_second: float, *, rare: bool = False) -> Effect:
    """Questions to two models, with the shares of questions whose answers differ either way (Connor 1987).

    Where at most some twenty differ the exact test is used: `rare` then takes half a pair of each side from the gap.
    """

    def make(random: np.random.Generator, runs: int) -> tuple[Made, Flags]:
        drawn = random.random((n, runs))
        both = 0.15
        first = drawn < only_first + both
        second = (drawn >= only_first) & (drawn < only_first + both + only_second)
        flags = np.stack([first, second], axis=1).reshape(2 * n, runs)
        return Made(_keys(random, n, 2), np.tile([0, 1], n)), flags

    differ, gap = only_first + only_second, only_first - only_second
    spread = np.sqrt(differ - gap**2)
    power = norm.cdf(((gap - rare / n) * np.sqrt(n) - norm.ppf(0.975) * np.sqrt(differ)) / spread)
    name = f"{n} questions to two models, {only_first:g} and {only_second:g} differ"
    return Effect(name, make, float(power), "Connor, corrected" if rare else "Connor")


def clustered_shares(groups: int, size: int, rho: float, p: float, q: float) -> Effect:
    """Users of one model each, so many a model and of so many chats, correlated by rho (Donner, Birkett and Buck 1981).

    The formula is that of strangers, at the number of transcripts divided by the design effect.
    """

    def make(random: np.random.Generator, runs: int) -> tuple[Made, Flags]:
        made = Made(_keys(random, 2 * groups, size), np.repeat([0, 1], groups * size))
        share = np.repeat([p, q], groups)[:, None]
        spread = (1 - rho) / rho
        habit = random.beta(share * spread, (1 - share) * spread, size=(2 * groups, runs))
        return made, random.random((len(made.unit), runs)) < habit[made.unit]

    units = groups * size / (1 + (size - 1) * rho)
    name = f"{groups} and {groups} users of {size} chats, correlation {rho:g}, {p:g} and {q:g}"
    return Effect(name, make, _two_shares(units, units, p, q), "Donner, Birkett and Buck")


def stratified_shares(n: int, odds_ratio: float) -> Effect:
    """Four languages of n transcripts, unlike in base rate and in their share of the first model.

    Power of Mantel and Haenszel's test by the moments of its count (Munoz and Rosner 1984).
    """
    base, inside = np.array([0.1, 0.2, 0.4, 0.6]), (np.array([0.2, 0.4, 0.6, 0.8]) * n).astype(np.int64)
    raised = odds_ratio * base / (1 - base + odds_ratio * base)

    def make(random: np.random.Generator, runs: int) -> tuple[Made, Flags]:
        language = np.repeat(np.arange(4), n)
        side = np.concatenate([np.arange(n) >= k for k in inside]).astype(np.int64)
        share = np.where(side == 0, raised[language], base[language])
        return Made(np.arange(4 * n), side, language), random.random((4 * n, runs)) < share[:, None]

    weight = inside * (n - inside) / n
    mean = (inside * raised + (n - inside) * base) / n
    at_null = (weight * mean * (1 - mean)).sum()
    at_effect = (weight**2 * (raised * (1 - raised) / inside + base * (1 - base) / (n - inside))).sum()
    gap = (weight * (raised - base)).sum()
    power = norm.cdf((gap - norm.ppf(0.975) * np.sqrt(at_null)) / np.sqrt(at_effect))
    return Effect(f"four languages of {n}, odds ratio {odds_ratio:g}", make, float(power), "Munoz and Rosner")


def repeated_shares(groups: int, epochs: int, rho: float, p: float, q: float) -> Effect:
    """Questions that two models answer many times, each with whims of its own: the paired t-test of their shares."""

    def make(random: np.random.Generator, runs: int) -> tuple[Made, Flags]:
        made = _questions(groups, 2, epochs)(random)
        share, spread = np.array([p, q])[None, :, None], (1 - rho) / rho
        habit = random.beta(share * spread, (1 - share) * spread, size=(groups, 2, runs))
        return made, random.random((len(made.unit), runs)) < habit[made.unit, made.side]

    variance = sum(share * (1 - share) * (rho + (1 - rho) / epochs) for share in (p, q))
    shift, edge = (p - q) / np.sqrt(variance / groups), student.ppf(0.975, groups - 1)
    name = f"{groups} questions to two models {epochs} times, correlation {rho:g}, {p:g} and {q:g}"
    return Effect(name, make, float(nct.sf(edge, groups - 1, shift)), "paired t-test")


EFFECTS = (
    two_shares(150, 0.45, 0.30),
    two_shares(400, 0.10, 0.05),
    two_shares(1_000, 0.56, 0.50),
    two_shares(100, 0.12, 0.02, rare=True),
    pairs_of_answers(60, 0.25, 0.08, rare=True),
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
    rare = with_it * (share * p + (1 - share) * q) < association.MID_P_FROM
    return float((p_value < 0.05).mean()), _two_shares(with_it, n - with_it, p, q, two_sided=False, correction=rare)


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
    made = Made(np.arange(n), np.zeros(n, np.int64))
    worth = []
    for _ in range(0, runs, 50):
        x = random.random((n, 10)) < share
        targets = random.random((n, 50)) < np.where(x[:, np.arange(50) % 10], p, q)
        worth += [found[1, 0] for found in probe_families(x, targets, made, random, size=1)]
    return float(np.mean(worth)), _two_shares(n * share, n * (1 - share), p, q, two_sided=False)


# --- printing


def discoveries(kind: str, shape: Shape, families: int, seed: int = 7) -> Reals:
    """Shares of families in which something is found at q < 0.05, and of what one would find who knew less.

    Args:
        kind: pairs, contrasts or probes.
        shape: How the transcripts are made.
        families: How many.
        seed: Of all draws.

    Returns:
        Two shares of families: by the tests, and by tests that know of no groups and no strata. For probes four: of
        families with one worth reading, and with one that beats the baselines; then of single probes that are and do.
    """
    random = np.random.default_rng(seed)
    found: list[Reals] = []
    while len(found) < families:
        made = shape.make(random)
        if kind == "probes":
            # Families of the same inputs are fitted together: the targets are independent of each other and of these.
            some = min(5, families - len(found))
            x, targets = shape.flags(made, random, 10), shape.flags(made, random, 10 * some)
            for beats, worth in probe_families(x, targets, made, random, size=10):
                found.append(np.array([worth.any(), beats.any(), worth.mean(), beats.mean()]))
            continue
        flags = shape.flags(made, random)
        by_test = []
        for grouped in (True, False):
            if kind == "pairs":
                p_value = pair_family(flags[:, :10], flags[:, 10:], made.unit, grouped=grouped).p_value
                q_value = association.false_discovery(p_value, n_tests=len(p_value))
            else:
                q_value = contrast_family(flags, made, grouped=grouped)["q_value"].to_numpy()
            by_test.append(float((q_value < 0.05).any()))
        found.append(np.array(by_test))
    shares: Reals = np.mean(found, axis=0)
    return shares


def _print_row(name: str, shares: Iterable[float], *rest: str) -> None:
    print("|", " | ".join([name, *(f"{share:.3f}" for share in shares), *rest]), "|", flush=True)


def _print_head(*columns: str) -> None:
    print("|", " | ".join(columns), "|\n|" + "---|" * len(columns))


def _print_nothing(kind: str, shapes: Sequence[Shape], families: int, *columns: str) -> None:
    print(f"\n{families:,} families of each, standard error {np.sqrt(0.05 * 0.95 / families):.3f} at 0.05")
    _print_head(*columns)
    for shape in shapes:
        _print_row(shape.name, discoveries(kind, shape, families))


def _print_power(runs: int) -> None:
    print(f"\n{runs:,} of each, standard error at most {0.5 / np.sqrt(runs):.3f}")
    _print_head("planted", "found at p < 0.05", "formula", "whose")
    random = np.random.default_rng(5)
    for effect in EFFECTS:
        _print_row(effect.name, [effect.found(random, runs), effect.power], effect.formula)
    for n, share, p, q in PLANTED_PAIRS:
        name = f"pair in {n:,} strangers, {share:g} show the left, {p:g} of them and {q:g} of the others the right"
        _print_row(name, pair_power(n, share, p, q, random, runs), "Fleiss, one-sided")
    few = runs // 10
    print(f"\n{few:,} of each, standard error at most {0.5 / np.sqrt(few):.3f}")
    _print_head("probe", "worth reading", "a test that knew the cluster (Fleiss)")
    for n, share, p, q in PLANTED_PROBES:
        name = f"{n} strangers, {share:g} show each input, {p:g} of them and {q:g} of the others the target"
        _print_row(name, probe_power(n, share, p, q, random, few))


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["pairs", "contrasts", "probes", "power"])
    parser.add_argument("--families", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=4_000)
    given = parser.parse_args()
    n, unaware = given.families, "not knowing of groups"
    parts: dict[str, Callable[[], None]] = {
        "pairs": lambda: _print_nothing("pairs", PAIR_SHAPES, n, "families of 100 null pairs", "found", unaware),
        "contrasts": lambda: _print_nothing(
            "contrasts", CONTRAST_SHAPES, n, "families of 20 null clusters", "found", f"{unaware} and languages"
        ),
        "probes": lambda: _print_nothing(
            "probes", PROBE_SHAPES, n, "families of 10 null probes", "any worth reading", "any beats all baselines",
            "of all probes worth reading", "of all beat all baselines",
        ),
        "power": lambda: _print_power(given.runs),
    }  # fmt: skip
    for part in given.parts:
        start = time.process_time()
        parts[part]()
        print(f"{part}: {time.process_time() - start:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()

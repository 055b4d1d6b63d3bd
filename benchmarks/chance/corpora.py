"""Simulated corpora: transcripts with a group, a model and a language, and cluster flags drawn independently."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
CLUSTERS = 20


@dataclass(frozen=True, slots=True)
class Corpus:
    """The transcripts of a simulated corpus.

    Attributes:
        unit: The group key of each transcript.
        side: The model of each transcript.
        stratum: The language of each transcript, if contrasts are stratified by it.
    """

    unit: Counts
    side: Counts
    stratum: Counts | None = None


def draw_flags(
    corpus: Corpus,
    random: np.random.Generator,
    *,
    clusters: int = CLUSTERS,
    group_sd: float = 0.0,
    stratum_sd: float = 0.0,
    interaction_sd: float = 0.0,
) -> Flags:
    """Draw flags, transcripts x clusters. Each cluster is independent of the others and of the model.

    Args:
        corpus: The transcripts.
        random: Generator of all draws.
        clusters: Number of clusters; their base rates lie between 0.05 and 0.5.
        group_sd: Standard deviation of the log-odds between groups; 2.5 is a strong correlation within groups.
        stratum_sd: Standard deviation of the log-odds between strata.
        interaction_sd: Standard deviation of the log-odds between the models of a group, drawn for each group.
    """
    score = np.tile(random.uniform(-3, 0, clusters), (len(corpus.unit), 1))
    score += group_sd * random.normal(size=(corpus.unit.max() + 1, clusters))[corpus.unit]
    if corpus.stratum is not None:
        score += stratum_sd * random.normal(size=(corpus.stratum.max() + 1, clusters))[corpus.stratum]
    if interaction_sd:
        each = corpus.unit * (corpus.side.max() + 1) + corpus.side
        score += interaction_sd * random.normal(size=(each.max() + 1, clusters))[each]
    shown: Flags = random.random(score.shape) < 1 / (1 + np.exp(-score))
    return shown


def group_keys(random: np.random.Generator, groups: int, size: int | None) -> Counts:
    """Group key of each transcript. Groups have `size` transcripts, or 1 to 20 if it is None."""
    sizes = np.minimum(random.geometric(0.15, groups), 20) if size is None else np.full(groups, size)
    return np.repeat(np.arange(groups), sizes)


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a corpus is drawn; see `draw_flags` for the standard deviations."""

    name: str
    make: Callable[[np.random.Generator], Corpus]
    group_sd: float = 0.0
    stratum_sd: float = 0.0
    interaction_sd: float = 0.0

    def flags(self, corpus: Corpus, random: np.random.Generator, clusters: int = CLUSTERS) -> Flags:
        """Draw flags with the standard deviations of this scenario."""
        return draw_flags(
            corpus,
            random,
            clusters=clusters,
            group_sd=self.group_sd,
            stratum_sd=self.stratum_sd,
            interaction_sd=self.interaction_sd,
        )


def _ungrouped(random: np.random.Generator) -> Corpus:
    return Corpus(np.arange(600), random.integers(0, 3, 600))


def _users(groups: int, size: int | None) -> Callable[[np.random.Generator], Corpus]:
    def make(random: np.random.Generator) -> Corpus:
        unit = group_keys(random, groups, size)
        return Corpus(unit, random.permutation(np.arange(groups) % 3)[unit])

    return make


def _switching_users(random: np.random.Generator) -> Corpus:
    """Each user has one preferred model of three, and uses a random one half of the time."""
    unit = group_keys(random, 100, None)
    switches = random.random(len(unit)) < 0.5
    return Corpus(unit, np.where(switches, random.integers(0, 3, len(unit)), random.integers(0, 3, 100)[unit]))


def questions(groups: int, models: int, epochs: int) -> Callable[[np.random.Generator], Corpus]:
    """Each model answers each question `epochs` times. Deterministic."""

    def make(random: np.random.Generator) -> Corpus:
        return Corpus(group_keys(random, groups, models * epochs), np.tile(np.arange(models), groups * epochs))

    return make


def _languages(groups: int, size: int | None) -> Callable[[np.random.Generator], Corpus]:
    """Four languages; the share of the second model grows with the language's number."""

    def make(random: np.random.Generator) -> Corpus:
        unit = group_keys(random, groups, size)
        language = random.integers(0, 4, groups)
        return Corpus(unit, (random.random(groups) < 0.2 + 0.2 * language).astype(np.int64)[unit], language[unit])

    return make


PAIR_SCENARIOS = (
    Scenario("600 ungrouped chats", _ungrouped),
    Scenario("100 groups of six, correlated", _users(100, 6), group_sd=2.5),
    Scenario("80 groups of one to twenty, correlated", _users(80, None), group_sd=2.5),
    Scenario("20 groups of thirty, correlated", _users(20, 30), group_sd=2.5),
)
CONTRAST_SCENARIOS = (
    Scenario("600 ungrouped chats, three models", _ungrouped),
    Scenario("100 users of six chats, one model each, correlated", _users(100, 6), group_sd=2.5),
    Scenario("80 users of one to twenty chats, one model each, correlated", _users(80, None), group_sd=2.5),
    Scenario("24 users of ten chats, one model each, correlated", _users(24, 10), group_sd=2.5),
    Scenario("100 users who switch between models, correlated", _switching_users, group_sd=2.5),
    Scenario("100 questions to six models", questions(100, 6, 1), group_sd=2.5),
    Scenario(
        "40 questions to two models, ten times, group-by-model effects",
        questions(40, 2, 10),
        group_sd=1.5,
        interaction_sd=1.5,
    ),
    Scenario("600 ungrouped chats, by language", _languages(600, 1), stratum_sd=1.5),
    Scenario("100 users of six chats, by language, correlated", _languages(100, 6), group_sd=2.5, stratum_sd=1.5),
)
PROBE_SCENARIOS = (
    Scenario("240 ungrouped chats", lambda random: Corpus(np.arange(240), random.integers(0, 3, 240))),
    Scenario("40 groups of six, correlated", _users(40, 6), group_sd=2.5),
    Scenario("60 groups of one to twenty, correlated", _users(60, None), group_sd=2.5),
)

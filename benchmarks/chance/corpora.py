"""Made-up corpora: transcripts in groups, models and languages, and flags that have nothing to do with them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


def group_keys(random: np.random.Generator, groups: int, size: int | None) -> Counts:
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
        unit = group_keys(random, groups, size)
        return Made(unit, random.permutation(np.arange(groups) % 3)[unit])

    return make


def _changeable_users(random: np.random.Generator) -> Made:
    """Each user has a favourite among three models and strays from it half of the time."""
    unit = group_keys(random, 100, None)
    strays = random.random(len(unit)) < 0.5
    return Made(unit, np.where(strays, random.integers(0, 3, len(unit)), random.integers(0, 3, 100)[unit]))


def questions(groups: int, models: int, epochs: int) -> Callable[[np.random.Generator], Made]:
    """Each of the models answers each question so many times; nothing of it is drawn."""

    def make(random: np.random.Generator) -> Made:
        return Made(group_keys(random, groups, models * epochs), np.tile(np.arange(models), groups * epochs))

    return make


def _languages(groups: int, size: int | None) -> Callable[[np.random.Generator], Made]:
    """Four languages; a model is the likelier, the higher the language's number."""

    def make(random: np.random.Generator) -> Made:
        unit = group_keys(random, groups, size)
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
    Shape("100 questions to six models", questions(100, 6, 1), alike=2.5),
    Shape("40 questions to two models, ten times, whims", questions(40, 2, 10), alike=1.5, whims=1.5),
    Shape("600 strangers, by language", _languages(600, 1), by_stratum=1.5),
    Shape("100 users of six chats, by language, alike", _languages(100, 6), alike=2.5, by_stratum=1.5),
)
PROBE_SHAPES = (
    Shape("240 strangers", lambda random: Made(np.arange(240), random.integers(0, 3, 240))),
    Shape("40 groups of six, alike", _users(40, 6), alike=2.5),
    Shape("60 groups of one to twenty, alike", _users(60, None), alike=2.5),
)

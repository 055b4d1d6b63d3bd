"""Names for clusters of features: the member that speaks best for the rest, or their most distinctive words."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, takewhile
from typing import Final

from featdisc_assets.stages.language import stopwords_of, word_set, words_of
from featdisc_assets.surface.topics import TOPIC_LEADS

# How features are phrased, not what they say.
_RATER_WORDS: Final = word_set(
    """
    asks ask asking asked uses use using used contains contain containing includes include including mentions
    mention mentioning gives give giving provides provide providing writes write writing written makes make
    making shows show showing thinks think thinking covers cover covering talks talk talking brings bring
    discusses discuss discussing describes describe describing explains explain explaining considers consider
    considering notes note noting states state stating refers refer referring focuses focus focusing offers
    offer offering answers answer answering user users model models response responses text message messages
    thought thoughts reply replies piece content request requests requesting
    about touches brings up dwells clear clearly detailed
    specific various simple several different multiple general strong
    """
)
_LABEL_WORDS: Final = 7
# From this share of members on, one member's words speak for the cluster.
_SPEAKS_FOR: Final = 0.4
_TERMS: Final = 4


def name(features: Sequence[str], neighbours: Sequence[str], rejected: Sequence[str] = ()) -> tuple[str, str]:
    """Names a cluster by what its members share and its neighbours do not.

    Args:
        features: Member features, at least one, the commonest first.
        neighbours: Features of the nearest other clusters; may be empty.
        rejected: Labels that the cluster cannot have; the best other one is given, where there is any.

    Returns:
        A label of about five words (letters and spaces, the first word capitalised) and a description of one sentence:
        the main terms, and what share of the members carries one.

    Raises:
        ValueError: There are no features to name the cluster by.
    """
    if not features:
        raise ValueError("a cluster of 0 features has no name; give at least 1 member feature")
    members = [_words(feature) for feature in features]
    weights = _distinctive(members, [_words(feature) for feature in neighbours])
    terms = _best(weights)
    options = _labels(features, members, weights, terms)
    taken = {words.casefold() for words in rejected}
    label = next((label for label in options if label.casefold() not in taken), options[0])
    return label, _description(features, members, terms)


def distinctive_words(labels: Sequence[str], others: Sequence[str]) -> list[str]:
    """The few content words that tell labels from others best, the best first."""
    return _best(_distinctive([_words(label) for label in labels], [_words(label) for label in others]))


def share_of(terms: Iterable[str], labels: Sequence[str]) -> float:
    """The share of the labels that carry one of the terms, in any of its forms."""
    return _share(terms, [_words(label) for label in labels])


def stems_of(text: str) -> frozenset[str]:
    """The content words of a text, just enough cut down to agree in their forms."""
    return frozenset(_stem(word) for word in _content(_words(text)))


def _words(feature: str) -> list[str]:
    return [word for word in words_of(feature) if word[0].isalpha()]


def _stem(word: str) -> str:
    """Just enough to let "limit", "limits" and "limited" agree."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _content(words: Sequence[str]) -> list[str]:
    stop = stopwords_of("English")
    kept = [w for w in words if len(w) > 1 and w not in _RATER_WORDS and (w not in stop or w in _KEPT)]
    return kept or [w for w in words if len(w) > 1 and w not in stop] or list(words)


# On the stop word list, yet what a cluster can be about.
_KEPT: Final = word_set(
    """
    help sorry thanks welcome whether unlikely against limit test real harm mistake why how
    """
)


def _distinctive(members: list[list[str]], others: list[list[str]]) -> dict[str, float]:
    """Content words by how much commoner they are among the members than among the neighbours, as a smoothed log."""
    inside = Counter(stem for words in members for stem in {_stem(w) for w in _content(words)})
    outside = Counter(stem for words in others for stem in {_stem(w) for w in words})
    spoken = Counter((_stem(w), w) for words in members for w in _content(words))
    shown: dict[str, str] = {}
    for (stem, word), _ in sorted(spoken.items(), key=lambda pair: (-pair[1], pair[0])):
        shown.setdefault(stem, word)
    weights = {}
    for stem, n in inside.items():
        share = n / len(members)
        elsewhere = (outside[stem] + 0.5) / (len(others) + 1)
        weights[shown[stem]] = share * max(0.1, math.log((share + 0.05) / (elsewhere * 0.9 + 0.05)) + 1)
    return weights


def _best(weights: dict[str, float]) -> list[str]:
    return [term for term, _ in sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))][:_TERMS]


def _share(terms: Iterable[str], members: list[list[str]]) -> float:
    """The share of the members that carry one of the terms, in any of its forms."""
    stems = {_stem(term) for term in terms}
    return sum(any(_stem(word) in stems for word in words) for words in members) / len(members)


def _labels(
    features: Sequence[str], members: list[list[str]], weights: dict[str, float], terms: list[str]
) -> list[str]:
    """What members begin with alike; else the member whose words weigh most for its length; else the main terms.

    The first one is the label; what follows would do in its place, the best first.
    Where a quarter of the members, or the commonest, say what a piece does, those that say what it is about have
    no voice.
    """
    conduct = [at for at, feature in enumerate(features) if not feature.startswith(TOPIC_LEADS)]
    heard = conduct if len(conduct) * 4 >= len(members) or 0 in conduct else list(range(len(members)))
    found = []
    if (shared := _shared_start([features[at].split() for at in heard])) is not None:
        found.append(shared)
    by_stem = {_stem(word): weight for word, weight in weights.items()}

    def fit(at: int) -> tuple[float, int, str]:
        content = {_stem(w) for w in _content(members[at])}
        weight = sum(by_stem.get(stem, 0.0) for stem in content)
        # The commonest stand first.
        early = (1 + at) ** -0.7
        return early * weight / (len(content) + 0.5), -abs(len(members[at]) - 5), features[at]

    fitting = [at for at in heard if 2 <= len(members[at]) <= _LABEL_WORDS]
    fitting.sort(key=fit, reverse=True)
    topics = [f"Topics such as {one} and {other}" for one, other in combinations(terms, 2)] or [" ".join(terms)]
    speaks = fitting and (heard is conduct or _share(_content(members[fitting[0]]), members) >= _SPEAKS_FOR)
    said = [features[at] for at in fitting]
    return [_tidy(label) for label in (*found, *(said + topics if speaks else topics + said))]


def _shared_start(phrases: list[list[str]]) -> str | None:
    """What all of several phrases begin with, and how the first ones go on: "Written in English or French"."""
    if len(phrases) < 2:
        return None
    start = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*phrases, strict=False))]
    if len(start) < 2 or " ".join(start).startswith(TOPIC_LEADS):
        return None
    endings = [phrase[len(start) :] for phrase in phrases]
    short = [" ".join(ending) for ending in endings if 0 < len(ending) <= 2]
    label = f"{' '.join(start)} {' or '.join(list(dict.fromkeys(short))[:2])}"
    return label if len(short) > 1 and len(label.split()) <= _LABEL_WORDS else None


def _tidy(text: str) -> str:
    words = "".join(c if c.isascii() and c.isalpha() else " " for c in text).split()[:_LABEL_WORDS]
    said = " ".join(words) or "Unnamed features"
    return said[:1].upper() + said[1:]


def _description(features: Sequence[str], members: list[list[str]], terms: list[str]) -> str:
    main = terms[:3]
    if not main:
        return f"{len(members)} features that share no content word."
    quoted = [f'"{term}"' for term in main]
    said = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]
    carried = "the word" if len(main) == 1 else "one of the words"
    share = _share(main, members)
    part = "All" if share == 1 else f"{round(100 * share)}% of"
    stems = {_stem(term) for term in main}
    typical = min(features, key=lambda f: (-len(stems & {_stem(w) for w in _words(f)}), len(f), f))
    return f"{part} {len(members)} sampled features carry {carried} {said}, for example: {typical.strip()}."

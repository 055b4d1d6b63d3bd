"""Names for clusters and for groups of clusters: their most representative label, or their most distinctive words."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, takewhile
from typing import Final

from featdisc_assets.stages.language import stopwords_of, words_of
from featdisc_assets.surface.topics import TOPIC_LEADS
from featdisc_assets.surface.words import KEPT_STOPWORDS, RATER_WORDS

_MAX_LABEL_WORDS: Final = 7
_MAX_TERMS: Final = 4
# The least share of members that have a content word of one member, for that member to name the cluster.
_REPRESENTATIVE: Final = 0.4
# How the labels of topics begin.
_TOPIC_LEAD: Final = re.compile(rf"^(?:{'|'.join(map(re.escape, (*TOPIC_LEADS, 'Topics such as ')))})\s*")
_AND_THE_LIKE: Final = " and the like"


def name_cluster(features: Sequence[str], neighbours: Sequence[str], rejected: Sequence[str] = ()) -> tuple[str, str]:
    """Names a cluster by what its members share and its neighbours do not.

    Args:
        features: Member features, at least one, the most frequent first.
        neighbours: Features of the nearest other clusters; may be empty.
        rejected: Labels that the cluster cannot have; ignored if no other one is left.

    Returns:
        A label of about five words (letters and spaces, the first word capitalised) and a description of one sentence:
        the main terms, and what share of the members has one.

    Raises:
        ValueError: `features` is empty.
    """
    if not features:
        raise ValueError("a cluster of 0 features has no name; give at least 1 member feature")
    members = [_words(feature) for feature in features]
    weights = _term_weights(members, [_words(feature) for feature in neighbours])
    terms = _top_terms(weights)
    label = _first_allowed(_labels(features, members, weights, terms), rejected)
    return label, _cluster_description(features, members, terms)


def name_parent(labels: Sequence[str], siblings: Sequence[str], rejected: Sequence[str] = ()) -> tuple[str, str]:
    """Names a theme by the labels of its clusters, or an area by those of its themes.

    Args:
        labels: Labels of its children, at least one, the largest child first.
        siblings: Labels of the nearest other parents' children; may be empty.
        rejected: Labels that the parent cannot have; ignored if no other one is left.

    Returns:
        A label, and a description of one sentence: how many labels have its main words, and the first label.

    Raises:
        ValueError: `labels` is empty.
    """
    if not labels:
        raise ValueError("a theme of 0 clusters has no name; give at least 1 label")
    labels = [label.removesuffix(_AND_THE_LIKE) for label in labels]
    conduct = [label for label in labels if not _TOPIC_LEAD.match(label)]
    topics = list(dict.fromkeys(_TOPIC_LEAD.sub("", label) for label in labels if _TOPIC_LEAD.match(label)))
    # Labels of what pieces do take precedence over topics if they are at least a quarter.
    if len(conduct) * 4 >= len(labels):
        best, _ = name_cluster(conduct, siblings)
        options = [f"{_cut(label)}{_AND_THE_LIKE}" for label in (best, *conduct)]
    else:
        options = [f"Topics such as {_cut(', '.join(topics[at : at + 2]))}" for at in range(len(topics))]
    return _first_allowed(options, rejected), _parent_description(labels, siblings)


def judge(name: str, phrases: Sequence[str]) -> list[int]:
    """How well phrases fit a name, 0-100: the percentage of a phrase's content words that occur in the name."""
    known = stems_of(name)
    return [round(100 * share_of_stems(stems_of(phrase), known)) for phrase in phrases]


def stems_of(text: str) -> frozenset[str]:
    """The stems of the content words of a text."""
    return frozenset(_stem(word) for word in _content(_words(text)))


def share_of_stems(wanted: frozenset[str], known: frozenset[str]) -> float:
    """The share of the wanted stems that are known; 0 if none is wanted."""
    return len(wanted & known) / len(wanted) if wanted else 0.0


def _words(feature: str) -> list[str]:
    return [word for word in words_of(feature) if word[0].isalpha()]


def _stem(word: str) -> str:
    """The word without an ending, so that "limit", "limits" and "limited" are equal."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _content(words: Sequence[str]) -> list[str]:
    """The words that say what a feature is about; if there are none, the least general ones."""
    stop = stopwords_of("English")
    kept = [w for w in words if len(w) > 1 and w not in RATER_WORDS and (w not in stop or w in KEPT_STOPWORDS)]
    return kept or [w for w in words if len(w) > 1 and w not in stop] or list(words)


def _term_weights(members: list[list[str]], others: list[list[str]]) -> dict[str, float]:
    """Content words of the members, weighted by the smoothed log ratio of their shares among members and others."""
    inside = Counter(stem for words in members for stem in {_stem(w) for w in _content(words)})
    outside = Counter(stem for words in others for stem in {_stem(w) for w in words})
    forms = Counter((_stem(w), w) for words in members for w in _content(words))
    shown: dict[str, str] = {}
    for (stem, word), _ in sorted(forms.items(), key=lambda pair: (-pair[1], pair[0])):
        shown.setdefault(stem, word)
    weights = {}
    for stem, n in inside.items():
        share = n / len(members)
        elsewhere = (outside[stem] + 0.5) / (len(others) + 1)
        weights[shown[stem]] = share * max(0.1, math.log((share + 0.05) / (elsewhere * 0.9 + 0.05)) + 1)
    return weights


def _top_terms(weights: dict[str, float]) -> list[str]:
    return [term for term, _ in sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))][:_MAX_TERMS]


def _share_with(terms: Iterable[str], members: list[list[str]]) -> float:
    """The share of the members that have one of the terms, in any form."""
    stems = {_stem(term) for term in terms}
    return sum(any(_stem(word) in stems for word in words) for words in members) / len(members)


def _labels(
    features: Sequence[str], members: list[list[str]], weights: dict[str, float], terms: list[str]
) -> list[str]:
    """Candidate labels, best first: the members' common start, members by the weight of their words, the main terms.

    Members that say what a piece is about are left out if a quarter of the members, or the first, say what it does.
    """
    conduct = [at for at, feature in enumerate(features) if not feature.startswith(TOPIC_LEADS)]
    eligible = conduct if len(conduct) * 4 >= len(members) or 0 in conduct else list(range(len(members)))
    shared = _shared_start([features[at].split() for at in eligible])
    by_stem = {_stem(word): weight for word, weight in weights.items()}

    def fit(at: int) -> tuple[float, int, str]:
        content = {_stem(w) for w in _content(members[at])}
        weight = sum(by_stem.get(stem, 0.0) for stem in content)
        # The most frequent members come first.
        rank = (1 + at) ** -0.7
        return rank * weight / (len(content) + 0.5), -abs(len(members[at]) - 5), features[at]

    best = sorted((at for at in eligible if 2 <= len(members[at]) <= _MAX_LABEL_WORDS), key=fit, reverse=True)
    by_member = [features[at] for at in best]
    by_term = [f"Topics such as {one} and {other}" for one, other in combinations(terms, 2)] or [" ".join(terms)]
    members_first = best and (
        eligible is conduct or _share_with(_content(members[best[0]]), members) >= _REPRESENTATIVE
    )
    options = by_member + by_term if members_first else by_term + by_member
    return [_tidy(label) for label in ([shared] if shared is not None else []) + options]


def _shared_start(phrases: list[list[str]]) -> str | None:
    """The words that all phrases begin with, and the first two short endings: "Written in English or French"."""
    if len(phrases) < 2:
        return None
    start = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*phrases, strict=False))]
    if len(start) < 2 or " ".join(start).startswith(TOPIC_LEADS):
        return None
    endings = [phrase[len(start) :] for phrase in phrases]
    short = [" ".join(ending) for ending in endings if 0 < len(ending) <= 2]
    label = f"{' '.join(start)} {' or '.join(list(dict.fromkeys(short))[:2])}"
    return label if len(short) > 1 and len(label.split()) <= _MAX_LABEL_WORDS else None


def _first_allowed(options: list[str], rejected: Sequence[str]) -> str:
    taken = {label.casefold() for label in rejected}
    return next((option for option in options if option.casefold() not in taken), options[0])


def _tidy(label: str) -> str:
    text = _cut("".join(c if c.isascii() and c.isalpha() else " " for c in label)) or "Unnamed features"
    return text[:1].upper() + text[1:]


def _cut(label: str) -> str:
    return " ".join(label.split()[:_MAX_LABEL_WORDS])


def _cluster_description(features: Sequence[str], members: list[list[str]], terms: list[str]) -> str:
    main = terms[:3]
    if not main:
        return f"{len(members)} features that share no content word."
    quoted = [f'"{term}"' for term in main]
    listed = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]
    carried = "the word" if len(main) == 1 else "one of the words"
    share = _share_with(main, members)
    part = "All" if share == 1 else f"{round(100 * share)}% of"
    stems = {_stem(term) for term in main}
    typical = min(features, key=lambda f: (-len(stems & {_stem(w) for w in _words(f)}), len(f), f))
    return f"{part} {len(members)} sampled features carry {carried} {listed}, for example: {typical.strip()}."


def _parent_description(labels: Sequence[str], siblings: Sequence[str]) -> str:
    children, others = ([_words(_TOPIC_LEAD.sub("", label)) for label in group] for group in (labels, siblings))
    terms = _top_terms(_term_weights(children, others))[:3]
    quoted = ", ".join(f'"{term}"' for term in terms)
    carried = f", {round(100 * _share_with(terms, children))}% of them with a word of {quoted}" if terms else ""
    return f"{len(labels)} groups{carried}, the widest being: {labels[0]}."

"""What the rules answer about one piece: its features, their quotes, whether a feature is true, which entries it shows.

The rules understand nothing: beyond what they find themselves, they compare words. Their answers are a baseline for
those of a model.
"""

import re
from collections.abc import Sequence
from typing import Final

from featdisc_assets.stages.language import fold
from featdisc_assets.surface import (
    formatting,
    language,
    model_conduct,
    size,
    technical,
    tone,
    topics,
    user_requests,
    user_stakes,
)
from featdisc_assets.surface.naming import share_of_stems, stems_of
from featdisc_assets.surface.rule import FILLER, Rule
from featdisc_assets.surface.view import TextView, view_of
from featdisc_assets.transcript import Kind

_FAMILIES: Final = (formatting, language, model_conduct, size, technical, tone, topics, user_requests, user_stakes)
RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: (-rule.priority, rule.name))
)

_NOT_LETTERS: Final = re.compile(r"[^A-Za-z]+")
_MAX_WORDS: Final = 8
_SENTENCE: Final = re.compile(r"[^.?!\n]+(?:[.?!]+|\n|$)")
# How many sentences of a piece are tried as quotes, the shortest first, and how long a quote may be.
_MAX_SENTENCES: Final = 60
_MIN_CHARS: Final = 12
_MAX_CHARS: Final = 400
# More than the rules can find in any piece.
_ALL: Final = 200


def rate(text: str, kind: Kind, *, at_least: int = 10, at_most: int = 20) -> list[str]:
    """The features of one piece, in order of priority.

    Args:
        text: The piece; turns joined by `TURN_BREAK`.
        kind: What the piece holds.
        at_least: How many features to aim at; filler (length, punctuation) makes up for missing ones. A piece of a
            word or two may have fewer.
        at_most: Most features returned.

    Returns:
        Distinct English phrases of letters and spaces, in a fixed order for a given text.
    """
    view = view_of(text, kind)
    features: dict[str, str] = {}
    for rule in RULES:
        if (rule.priority < FILLER and len(features) >= at_least) or len(features) >= at_most:
            break
        for feature in apply_rule(rule, view):
            features.setdefault(feature.lower(), feature)
    return list(features.values())[:at_most]


def apply_rule(rule: Rule, view: TextView) -> list[str]:
    """The features that one rule finds in a piece: letters and spaces, the first letter a capital."""
    if view.kind not in rule.kinds or not view.body:
        return []
    found = rule.find(view)
    if not found:
        return []
    return [tidy for feature in ([found] if isinstance(found, str) else found) if (tidy := _tidy(feature))]


def _tidy(feature: str) -> str:
    text = " ".join(_NOT_LETTERS.sub(" ", feature).split()[:_MAX_WORDS])
    return text[:1].upper() + text[1:]


def rate_with_quotes(text: str, kind: Kind, *, at_least: int = 10, at_most: int = 20) -> list[tuple[str, str]]:
    """The features of `rate`, each with the shortest sentence of the piece in which the rules find it too.

    The quote is empty where no single sentence shows the feature, as for most features of length and layout.
    """
    features = rate(text, kind, at_least=at_least, at_most=at_most)
    wanted, quotes = set(features), dict[str, str]()
    sentences = {match.group().strip() for match in _SENTENCE.finditer(text)}
    short = sorted((s for s in sentences if _MIN_CHARS <= len(s) <= _MAX_CHARS), key=lambda s: (len(s), s))
    rules = [rule for rule in RULES if kind in rule.kinds and rule.priority >= FILLER]
    for sentence in short[:_MAX_SENTENCES]:
        view = view_of(sentence, kind)
        for rule in rules:
            for feature in apply_rule(rule, view):
                if feature in wanted:
                    quotes.setdefault(feature, sentence)
        if len(quotes) == len(wanted):
            break
    return [(feature, quotes.get(feature, "")) for feature in features]


def verify(piece: str, feature: str, kind: Kind) -> str:
    """Whether a feature is true of a piece: `true`, `false` or `unclear`.

    `true` if the rules find the feature or all its content words occur in the piece, `false` if none of them occurs.
    """
    if fold(feature) in {fold(found) for found in rate(piece, kind, at_least=_ALL, at_most=_ALL)}:
        return "true"
    share = share_of_stems(stems_of(feature), stems_of(piece))
    return "true" if share == 1 else "false" if share == 0 else "unclear"


def apply_codebook(piece: str, entries: Sequence[str], kind: Kind) -> list[int]:
    """The numbers, from 1, of the codebook entries that a piece shows.

    An entry is shown if a feature of the piece is among its examples or contains all content words of its label.
    """
    found = rate(piece, kind, at_least=_ALL, at_most=_ALL)
    folded, stems = {fold(feature) for feature in found}, [stems_of(feature) for feature in found]
    shown = []
    for number, entry in enumerate(entries, 1):
        head, _, examples = entry.partition(" For example: ")
        label = stems_of(head.partition(":")[0])
        is_example = any(fold(example.strip()) in folded for example in examples.split(";"))
        if is_example or any(label and label <= words for words in stems):
            shown.append(number)
    return shown

"""All rules, and how a piece's features are made of what they find."""

import re
from typing import Final

from featdisc_assets.surface import (
    asks,
    conduct,
    form,
    http,
    language,
    manner,
    persona,
    repetition,
    self_talk,
    size,
    staging,
    stakes,
    topics,
)
from featdisc_assets.surface.rule import BLAND, Rule
from featdisc_assets.surface.view import TextView, view_of
from featdisc_assets.transcript import Kind

_FAMILIES: Final = (
    asks,
    conduct,
    form,
    http,
    language,
    manner,
    persona,
    repetition,
    self_talk,
    size,
    stakes,
    staging,
    topics,
)
RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: (-rule.telling, rule.name))
)

_NOT_LETTERS: Final = re.compile(r"[^A-Za-z]+")
_MOST_WORDS: Final = 8


def rate(text: str, kind: Kind, *, at_least: int = 10, at_most: int = 20) -> list[str]:
    """Features of one piece, the most telling first.

    Args:
        text: The piece; turns joined by `TURN_BREAK`.
        kind: What the piece holds: user turns, thoughts or responses.
        at_least: How many features to aim at: bland but true ones (length, punctuation) fill a short list up. A piece
            of a word or two may yield fewer, never false ones.
        at_most: The longest list given; the least telling features are dropped.

    Returns:
        Short English phrases of letters and spaces, no two alike, in a fixed order for a given text.
    """
    view = view_of(text, kind)
    features: dict[str, str] = {}
    for rule in RULES:
        if (rule.telling < BLAND and len(features) >= at_least) or len(features) >= at_most:
            break
        for feature in found_by(rule, view):
            features.setdefault(feature.lower(), feature)
    return list(features.values())[:at_most]


def found_by(rule: Rule, view: TextView) -> list[str]:
    """What one rule finds in a piece, as features: letters and spaces, the first letter a capital."""
    if view.kind not in rule.kinds or not view.body:
        return []
    found = rule.find(view)
    if not found:
        return []
    return [tidy for feature in ([found] if isinstance(found, str) else found) if (tidy := _tidy(feature))]


def _tidy(feature: str) -> str:
    words = _NOT_LETTERS.sub(" ", feature).split()[:_MOST_WORDS]
    text = " ".join(words)
    return text[:1].upper() + text[1:]

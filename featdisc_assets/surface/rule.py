"""What a rule is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from featdisc_assets.surface.phrases import Phrases
from featdisc_assets.surface.view import TextView
from featdisc_assets.transcript import ALL_KINDS, Kind

Found = str | Sequence[str] | None
Find = Callable[[TextView], Found]

USER: Final = frozenset[Kind]({"user"})
THOUGHT: Final = frozenset[Kind]({"thought"})
RESPONSE: Final = frozenset[Kind]({"response"})
MODEL: Final = THOUGHT | RESPONSE
SPOKEN: Final = USER | RESPONSE
ANY: Final = frozenset[Kind](ALL_KINDS)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for in a piece.

    Attributes:
        name: Stable name, for tests and for saying which rule wrote a feature.
        kinds: The kinds of piece it looks at.
        telling: 1-100, how much its features say about the piece: a long list is cut from the least telling end.
            Below `BLAND`, the features only fill a short list up.
        find: Says what it found: a feature, several (best first), or None.
    """

    name: str
    kinds: frozenset[Kind]
    telling: int
    find: Find


BLAND: Final = 20


def says(feature: str, phrases: Phrases) -> Find:
    """A finder: the feature, where any of the phrases is said."""
    return lambda view: feature if view.says(phrases) else None


def by_kind(wording: dict[Kind, str], phrases: Phrases) -> Find:
    """A finder: the feature worded for the piece's kind, where any of the phrases is said."""
    return lambda view: wording.get(view.kind) if view.says(phrases) else None

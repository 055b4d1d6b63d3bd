"""What a rule is, and the lists of phrases that rules look for.

The lists are text files under `phrasebook/`, so that a language can be added without touching code. A file holds named
sections; `phrases.py` describes how a phrase is written:

    == refusal                 a section begins
    HELP = help|assist|write   a shorthand, used as $HELP up to the end of the file
    i can't {$HELP}            one phrase a line
        {with it|at all}       an indented line continues the line before
    - can't help but           an exclusion: a match that overlaps this does not count
    ~ お断り                    substrings, for scripts without spaces between words
    // a comment
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
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

# Rules of a lower priority state facts that are true of every piece; they only fill up a short list.
FILLER: Final = 20

_SHORTHAND: Final = re.compile(r"([A-Z][A-Z_]*) = (.*)")
_USE: Final = re.compile(r"\$([A-Z][A-Z_]*)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for in a piece.

    Attributes:
        name: Stable name, for tests.
        kinds: The kinds of piece it applies to.
        priority: 1-100, how much its features say about a piece; a long list is cut at the lowest priority.
        find: Returns a feature, several (best first), or None.
    """

    name: str
    kinds: frozenset[Kind]
    priority: int
    find: Find


def feature_if(feature: str, phrases: Phrases) -> Find:
    """A `find` that returns the feature if the piece contains any of the phrases."""
    return lambda view: feature if view.contains(phrases) else None


@cache
def load_phrases(*names: str) -> dict[str, Phrases]:
    """The phrases of some phrasebook files, by section.

    Raises:
        ValueError: A phrase uses a shorthand that is not defined above it, or is above the first section.
    """
    return {
        section: Phrases("\n".join(lines), substrings=substrings)
        for name in names
        for section, lines, substrings in _sections(name)
    }


def _sections(name: str) -> list[tuple[str, list[str], list[str]]]:
    """The sections of a phrasebook file: name, phrases and substrings."""
    text = (files("featdisc_assets.surface") / "phrasebook" / f"{name}.txt").read_text(encoding="utf-8")
    sections: list[tuple[str, list[str], list[str]]] = []
    shorthands: dict[str, str] = {}

    def expand(use: re.Match[str]) -> str:
        if use[1] not in shorthands:
            raise ValueError(f"phrasebook {name!r} uses ${use[1]} before defining it; define it on a line above")
        return shorthands[use[1]]

    for line in re.sub(r"\n[ \t]+(?=\S)", "", text).splitlines():
        if not line.strip() or line.startswith("//"):
            continue
        if line.startswith("== "):
            sections.append((line[3:].strip(), [], []))
        elif shorthand := _SHORTHAND.fullmatch(line):
            shorthands[shorthand[1]] = _USE.sub(expand, shorthand[2])
        elif not sections:
            raise ValueError(f"phrasebook {name!r} has {line!r} before its first section; begin one with '== name'")
        elif line.startswith("~ "):
            sections[-1][2].extend(line[2:].split())
        else:
            sections[-1][1].append(_USE.sub(expand, line))
    return sections

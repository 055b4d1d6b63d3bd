"""The phrase lists, kept as text beside the code: a reader can add a language without touching a rule.

A file under `phrasebook/` holds sections; the language of the phrases is described in `phrases.py`:

    == refusal                 a named list begins
    HELP = help|assist|write   a shorthand, used as $HELP; known to the end of the file
    i can't {$HELP}            one phrase a line
        {with it|at all}       an indented line goes on with the line before
    - can't help but           what overlaps this is no hit
    ~ お断り                    looked for as it stands, for scripts without spaces between words
    // a remark
"""

import re
from functools import cache
from importlib.resources import files
from typing import Final

from featdisc_assets.surface.phrases import Phrases

_SHORTHAND: Final = re.compile(r"([A-Z][A-Z_]*) = (.*)")
_USE: Final = re.compile(r"\$([A-Z][A-Z_]*)")


@cache
def lexicon(name: str) -> dict[str, Phrases]:
    """The named phrase lists of one lexicon file.

    Raises:
        ValueError: A phrase uses a shorthand that is not defined above it, or stands before the first section.
    """
    text = (files("featdisc_assets.surface") / "phrasebook" / f"{name}.txt").read_text(encoding="utf-8")
    return {section: Phrases("\n".join(lines), substrings=literal) for section, lines, literal in _sections(name, text)}


def _sections(name: str, text: str) -> list[tuple[str, list[str], list[str]]]:
    sections: list[tuple[str, list[str], list[str]]] = []
    shorthands: dict[str, str] = {}

    def meaning(use: re.Match[str]) -> str:
        if use[1] not in shorthands:
            raise ValueError(f"lexicon {name!r} uses ${use[1]} before defining it; define it on a line above")
        return shorthands[use[1]]

    for line in re.sub(r"\n[ \t]+(?=\S)", "", text).splitlines():
        if not line.strip() or line.startswith("//"):
            continue
        if line.startswith("== "):
            sections.append((line[3:].strip(), [], []))
        elif shorthand := _SHORTHAND.fullmatch(line):
            shorthands[shorthand[1]] = _USE.sub(meaning, shorthand[2])
        elif not sections:
            raise ValueError(f"lexicon {name!r} has {line!r} before its first section; begin one with '== name'")
        elif line.startswith("~ "):
            sections[-1][2].extend(line[2:].split())
        else:
            sections[-1][1].append(_USE.sub(meaning, line))
    return sections

"""Loops: a piece that says the same over and over."""

import re
from collections import Counter
from typing import Final

from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.view import TextView

_UNIT: Final = re.compile(r"[^.!?。!?\n]+")
_SPACE: Final = re.compile(r"[\W_]+")
# Verse and lists repeat on purpose: a loop is a sentence of some length, often, or a passage right after itself.
_MIN_TIMES: Final = 4
_MIN_LETTERS: Final = 9
_MIN_LETTERS_CJK: Final = 5
# A song repeats its chorus.
_CHORUS: Final = re.compile(r"\b(?:chorus|refrain|verse \d|estribillo|refrain|coro|ritornello)\b", re.IGNORECASE)


def repeats_of(text: str) -> tuple[int, float]:
    """How often the most repeated sentence stands in a text, and the share of its letters that are repeats."""
    units = [_SPACE.sub(" ", unit).strip() for unit in _UNIT.findall(text)]
    counts = Counter(unit for unit in units if len(unit) >= (_MIN_LETTERS if unit.isascii() else _MIN_LETTERS_CJK))
    if not counts:
        return 0, 0.0
    total = sum(len(unit) for unit in units)
    repeated = sum((n - 1) * len(unit) for unit, n in counts.items() if n >= 3)
    return max(counts.values()), repeated / max(total, 1)


def ngram_repeats(words: list[str], *, size: int = 8) -> tuple[int, float]:
    """How often the most repeated run of `size` words stands in a text, and the share of runs that are repeats."""
    n = len(words) - size + 1
    if n < 2 * size:
        return 0, 0.0
    counts = Counter(tuple(words[i : i + size]) for i in range(n))
    top = max(counts.values())
    return top, sum(c - 1 for c in counts.values()) / n


def _loops(view: TextView) -> Found:
    top = share = 0.0
    for turn in view.said_turns:
        times, part = repeats_of(turn)
        top, share = max(top, times), max(share, part)
    runs, run_share = ngram_repeats(view.words)
    if (top >= _MIN_TIMES and share >= 0.15) or (runs >= _MIN_TIMES and run_share >= 0.25):
        if max(share, run_share) >= 0.5:
            return ["Repeats the same passage many times", "Stuck in an endless loop"]
        return "Repeats the same passage many times"
    return None


RULES: Final = (Rule("loops", ANY, 98, _loops),)

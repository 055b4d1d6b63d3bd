"""A small language of phrases, matched on words: no rule can fire inside a word or backtrack without end.

A phrase is written as it is said, one a line:

    sorry                      that word, folded: case, accents and kinds of apostrophe do not matter
    {can't|cannot|won't} help  any of these; a choice may hold several words, and choices nest
    i am [so|very] sorry       the bracket may be left out
    apolog*                    any word that begins so (never the first word of a phrase)
    in ... words               up to four words between, inside one sentence; five dots stand for up to fourteen
    won't _ you                one word, any
    under # words              a number, in digits or in words
    honest ?                   a sentence end (. ? !) is a word too, and so is a colon where a phrase asks for one
    - sorry state              not here: what overlaps this is no hit
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from featdisc_assets.stages.language import SENTENCE_END, word_set, words_of
from featdisc_assets.surface.words import number_of

Span = tuple[int, int]

_GAPS: Final = {"...": 4, ".....": 14}
# The same word can open a phrase thousands of times in a looping text; its first few hundred places tell enough.
MAX_PLACES: Final = 400

# Typed without its apostrophe, a contraction must not become another word ("we'll", "well").
_KEEPS_APOSTROPHE: Final = word_set(
    """
    we'll i'll he'll she'll we're i'd she'd he'd we'd it's
    """
)
_PIECE: Final = re.compile(r"[{}\[\]|]|[^\s{}\[\]|]+")


@dataclass(slots=True)
class _Node:
    """A place between two words of a phrase, with the ways on from it."""

    words: dict[str, list["_Node"]] = field(default_factory=dict)
    stems: list[tuple[str, "_Node"]] = field(default_factory=list)
    free: list["_Node"] = field(default_factory=list)
    gaps: list[tuple[int, "_Node"]] = field(default_factory=list)
    any_word: list["_Node"] = field(default_factory=list)
    number: list["_Node"] = field(default_factory=list)
    ends: bool = False


class Phrases:
    """A set of phrases to look for in a list of folded words.

    Args:
        text: The phrases, one a line, in the language above.
        substrings: Further phrases looked for as they stand, for scripts that put no space between words.

    Raises:
        ValueError: A bracket does not close, or a phrase begins with a stem or a gap, so that it could not be looked up
            by its first word.
    """

    def __init__(self, text: str, *, substrings: Sequence[str] = ()) -> None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self._openings: dict[str, list[_Node]] = {}
        # What may follow an opening word, where that can be listed: most places fall away by one look-up.
        self._seconds: dict[str, set[str] | None] = {}
        self._numbers: list[_Node] = []
        for line in lines:
            if not line.startswith("- "):
                self._add(line)
        exclusions = "\n".join(line[2:] for line in lines if line.startswith("- "))
        self._not_here = Phrases(exclusions) if exclusions else None
        self.substrings = tuple(substrings)

    def spans(self, words: Sequence[str], places: dict[str, list[int]]) -> list[Span]:
        """Where the phrases stand, as half-open ranges of words in order; `places` indexes `words` by word."""
        return sorted(self._hits(words, places))

    def found(self, words: Sequence[str], places: dict[str, list[int]]) -> bool:
        """Whether any of the phrases stands anywhere."""
        return next(self._hits(words, places), None) is not None

    def _add(self, line: str) -> None:
        start = _Node()
        pieces = _PIECE.findall(line)
        end, left = _chain(start, pieces, line)
        if left:
            raise ValueError(f"phrase {line!r} has a bracket that does not close; mend it")
        end.ends = True
        for node in _without_a_word(start):
            if node.stems or node.gaps or node.any_word or node.ends:
                raise ValueError(f"phrase {line!r} may begin with a stem or a gap; begin it with a whole word")
            for word in node.words:
                known = self._openings.setdefault(word, [])
                if start not in known:
                    known.append(start)
                for below in node.words[word]:
                    seconds, more = self._seconds.setdefault(word, set()), _next_words(below)
                    self._seconds[word] = None if seconds is None or more is None else seconds | more
            if node.number:
                self._numbers.append(start)

    def _hits(self, words: Sequence[str], places: dict[str, list[int]]) -> Iterator[Span]:
        openings = [(word, self._openings[word], self._seconds[word]) for word in self._openings.keys() & places.keys()]
        if self._numbers:
            openings += [(word, self._numbers, None) for word in places if number_of(word) is not None]
        barred: list[Span] | None = None
        for word, starts, seconds in openings:
            for at in places[word][:MAX_PLACES]:
                if seconds is not None and (at + 1 >= len(words) or words[at + 1] not in seconds):
                    continue
                end = max(_longest(start, words, at) for start in starts)
                if end < 0:
                    continue
                if barred is None:
                    barred = self._not_here.spans(words, places) if self._not_here else []
                if not any(a < end and at < b for a, b in barred):
                    yield at, end


def _longest(node: _Node, words: Sequence[str], at: int) -> int:
    """The end of the longest way on from `node` that the words at `at` allow, or -1."""
    end = at if node.ends else -1
    for below in node.free:
        end = max(end, _longest(below, words, at))
    if at < len(words):
        for below in _ways(node, words[at]):
            end = max(end, _longest(below, words, at + 1))
    for most, below in node.gaps:
        for skip in range(most + 1):
            end = max(end, _longest(below, words, at + skip))
            if at + skip >= len(words) or words[at + skip] in SENTENCE_END:
                break
    return end


def _ways(node: _Node, word: str) -> Iterator[_Node]:
    """The places one word leads to from `node`."""
    yield from node.words.get(word, ())
    for stem, below in node.stems:
        if word.startswith(stem):
            yield below
    if node.number and number_of(word) is not None:
        yield from node.number
    if node.any_word and word not in SENTENCE_END:
        yield from node.any_word
    if word == ":":
        yield node


def _chain(node: _Node, pieces: list[str], line: str) -> tuple[_Node, list[str]]:
    """Adds pieces up to a bar or a closing bracket after `node`; returns the last place and the pieces left over."""
    while pieces and pieces[0] not in {"|", "}", "]"}:
        piece, pieces = pieces[0], pieces[1:]
        if piece in {"{", "["}:
            node, pieces = _choice(node, pieces, line, closing="}" if piece == "{" else "]")
        else:
            node = _step(node, piece, line)
    return node, pieces


def _choice(node: _Node, pieces: list[str], line: str, *, closing: str) -> tuple[_Node, list[str]]:
    join = _Node()
    if closing == "]":
        node.free.append(join)
    while True:
        end, pieces = _chain(node, pieces, line)
        end.free.append(join)
        if not pieces or pieces[0] not in {"|", closing} or end is node:
            raise ValueError(f"phrase {line!r} has an empty choice or a bracket that does not close; mend it")
        if pieces[0] == closing:
            return join, pieces[1:]
        pieces = pieces[1:]


def _step(node: _Node, piece: str, line: str) -> _Node:
    below = _Node()
    if piece in _GAPS:
        node.gaps.append((_GAPS[piece], below))
        return below
    if piece == "#":
        node.number.append(below)
        return below
    if piece in SENTENCE_END or piece == ":":
        node.words.setdefault(piece, []).append(below)
        return below
    if piece == "_":
        node.any_word.append(below)
        return below
    # An elision written by itself ("c'") is a word only before another.
    words = words_of(piece + "x")[:1] if piece.endswith("'") else words_of(piece.removesuffix("*"))
    if not words:
        raise ValueError(f"phrase {line!r} holds {piece!r}, which is no word; leave it out")
    *before, last = words
    for word in before:
        between = _Node()
        _word(node, word, between)
        node = between
    if piece.endswith("*"):
        node.stems.append((last, below))
    else:
        _word(node, last, below)
    return below


def _word(node: _Node, word: str, below: _Node) -> None:
    node.words.setdefault(word, []).append(below)
    typed = word if word in _KEEPS_APOSTROPHE or word.endswith("'") else word.replace("'", "")
    if typed != word:
        node.words.setdefault(typed, []).append(below)


def _next_words(node: _Node) -> set[str] | None:
    """The words that can come next after `node`, or None where they cannot be listed or none is needed."""
    found = {":"}
    for place in _without_a_word(node):
        if place.ends or place.stems or place.gaps or place.number or place.any_word:
            return None
        found |= place.words.keys()
    return found


def _without_a_word(node: _Node) -> Iterator[_Node]:
    yield node
    for below in node.free:
        yield from _without_a_word(below)

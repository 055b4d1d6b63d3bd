"""A small language of phrases, matched on words, so that a phrase cannot match inside a word or backtrack endlessly.

One phrase a line:

    sorry                      that word; case, accents and kinds of apostrophe do not matter
    {can't|cannot|won't} help  any of these; an alternative may have several words, and choices nest
    i am [so|very] sorry       optional
    apolog*                    any word with this prefix (not as the first word of a phrase)
    in ... words               up to four words between, within a sentence; five dots: up to fourteen
    won't _ you                any one word
    under # words              a number, in digits or in words
    honest ?                   a sentence end (. ? !) is a word, and so is a colon if a phrase has one
    - sorry state              an exclusion: a match that overlaps this does not count
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from featdisc_assets.stages.language import SENTENCE_END, word_set, words_of
from featdisc_assets.surface.words import number_of

Span = tuple[int, int]

_GAPS: Final = {"...": 4, ".....": 14}
# In a looping text a word can occur thousands of times; only its first positions are tried.
_MAX_POSITIONS: Final = 400

# Contractions that become another word without their apostrophe ("we'll", "well").
_KEEPS_APOSTROPHE: Final = word_set(
    """
    we'll i'll he'll she'll we're i'd she'd he'd we'd it's
    """
)
_PIECE: Final = re.compile(r"[{}\[\]|]|[^\s{}\[\]|]+")


def positions_of(words: Sequence[str]) -> dict[str, list[int]]:
    """The positions of each word."""
    positions: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        positions.setdefault(word, []).append(at)
    return positions


@dataclass(slots=True, eq=False)
class _State:
    """A state between two words of a phrase, with the transitions from it."""

    words: dict[str, list["_State"]] = field(default_factory=dict)
    prefixes: list[tuple[str, "_State"]] = field(default_factory=list)
    empty: list["_State"] = field(default_factory=list)
    gaps: list[tuple[int, "_State"]] = field(default_factory=list)
    any_word: list["_State"] = field(default_factory=list)
    number: list["_State"] = field(default_factory=list)
    ends: bool = False


class Phrases:
    """A set of phrases to find in a list of folded words.

    Args:
        text: The phrases, one a line, in the language above.
        substrings: Further phrases, found as substrings of the text, for scripts without spaces between words.

    Raises:
        ValueError: A bracket does not close, or a phrase begins with a prefix or a gap: phrases are looked up by their
            first word.
    """

    def __init__(self, text: str, *, substrings: Sequence[str] = ()) -> None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self._first_words: dict[str, list[_State]] = {}
        # The words that can follow a first word, or None if they cannot be listed; they rule out most positions.
        self._second_words: dict[str, set[str] | None] = {}
        self._numbers: list[_State] = []
        for line in lines:
            if not line.startswith("- "):
                self._add(line)
        exclusions = "\n".join(line[2:] for line in lines if line.startswith("- "))
        self._exclusions = Phrases(exclusions) if exclusions else None
        self.substrings = tuple(substrings)

    def spans(self, words: Sequence[str], positions: dict[str, list[int]]) -> list[Span]:
        """Where the phrases occur: half-open ranges of words, sorted; `positions` comes from `positions_of(words)`."""
        return sorted(self._hits(words, positions))

    def found(self, words: Sequence[str], positions: dict[str, list[int]]) -> bool:
        """Whether any of the phrases occurs."""
        return next(self._hits(words, positions), None) is not None

    def _add(self, line: str) -> None:
        start = _State()
        pieces = _PIECE.findall(line)
        end, left = _add_pieces(start, pieces, line)
        if left:
            raise ValueError(f"phrase {line!r} has a bracket that does not close; close it")
        end.ends = True
        for state in _reachable_without_word(start):
            if state.prefixes or state.gaps or state.any_word or state.ends:
                raise ValueError(f"phrase {line!r} may begin with a prefix or a gap; begin it with a whole word")
            for word in state.words:
                known = self._first_words.setdefault(word, [])
                if start not in known:
                    known.append(start)
                for after in state.words[word]:
                    seconds, more = self._second_words.setdefault(word, set()), _next_words(after)
                    self._second_words[word] = None if seconds is None or more is None else seconds | more
            if state.number:
                self._numbers.append(start)

    def _hits(self, words: Sequence[str], positions: dict[str, list[int]]) -> Iterator[Span]:
        present = self._first_words.keys() & positions.keys()
        openings = [(word, self._first_words[word], self._second_words[word]) for word in present]
        if self._numbers:
            openings += [(word, self._numbers, None) for word in positions if number_of(word) is not None]
        excluded: list[Span] | None = None
        for word, starts, seconds in openings:
            for at in positions[word][:_MAX_POSITIONS]:
                if seconds is not None and (at + 1 >= len(words) or words[at + 1] not in seconds):
                    continue
                end = max(_longest(start, words, at) for start in starts)
                if end < 0:
                    continue
                if excluded is None:
                    excluded = self._exclusions.spans(words, positions) if self._exclusions else []
                if not any(a < end and at < b for a, b in excluded):
                    yield at, end


def _longest(state: _State, words: Sequence[str], at: int) -> int:
    """The end of the longest match from `state` at word `at`, or -1."""
    end = at if state.ends else -1
    for after in state.empty:
        end = max(end, _longest(after, words, at))
    if at < len(words):
        for after in _next_states(state, words[at]):
            end = max(end, _longest(after, words, at + 1))
    for most, after in state.gaps:
        for skip in range(most + 1):
            end = max(end, _longest(after, words, at + skip))
            if at + skip >= len(words) or words[at + skip] in SENTENCE_END:
                break
    return end


def _next_states(state: _State, word: str) -> Iterator[_State]:
    """The states that a word leads to from `state`."""
    yield from state.words.get(word, ())
    for prefix, after in state.prefixes:
        if word.startswith(prefix):
            yield after
    if state.number and number_of(word) is not None:
        yield from state.number
    if state.any_word and word not in SENTENCE_END:
        yield from state.any_word
    if word == ":":
        yield state


def _add_pieces(state: _State, pieces: list[str], line: str) -> tuple[_State, list[str]]:
    """Adds pieces up to a bar or a closing bracket after `state`; returns the last state and the remaining pieces."""
    while pieces and pieces[0] not in {"|", "}", "]"}:
        piece, pieces = pieces[0], pieces[1:]
        if piece in {"{", "["}:
            state, pieces = _add_choice(state, pieces, line, closing="}" if piece == "{" else "]")
        else:
            state = _add_piece(state, piece, line)
    return state, pieces


def _add_choice(state: _State, pieces: list[str], line: str, *, closing: str) -> tuple[_State, list[str]]:
    join = _State()
    if closing == "]":
        state.empty.append(join)
    while True:
        end, pieces = _add_pieces(state, pieces, line)
        end.empty.append(join)
        if not pieces or pieces[0] not in {"|", closing} or end is state:
            raise ValueError(f"phrase {line!r} has an empty choice or a bracket that does not close; close it")
        if pieces[0] == closing:
            return join, pieces[1:]
        pieces = pieces[1:]


def _add_piece(state: _State, piece: str, line: str) -> _State:
    after = _State()
    if piece in _GAPS:
        state.gaps.append((_GAPS[piece], after))
        return after
    if piece == "#":
        state.number.append(after)
        return after
    if piece in SENTENCE_END or piece == ":":
        state.words.setdefault(piece, []).append(after)
        return after
    if piece == "_":
        state.any_word.append(after)
        return after
    # An elision ("c'") is a word only before another.
    words = words_of(piece + "x")[:1] if piece.endswith("'") else words_of(piece.removesuffix("*"))
    if not words:
        raise ValueError(f"phrase {line!r} holds {piece!r}, which is no word; remove it")
    *before, last = words
    for word in before:
        between = _State()
        _add_word(state, word, between)
        state = between
    if piece.endswith("*"):
        state.prefixes.append((last, after))
    else:
        _add_word(state, last, after)
    return after


def _add_word(state: _State, word: str, after: _State) -> None:
    state.words.setdefault(word, []).append(after)
    typed = word if word in _KEEPS_APOSTROPHE or word.endswith("'") else word.replace("'", "")
    if typed != word:
        state.words.setdefault(typed, []).append(after)


def _next_words(state: _State) -> set[str] | None:
    """The words that can follow `state`, or None if they cannot be listed or none is needed."""
    found = {":"}
    for other in _reachable_without_word(state):
        if other.ends or other.prefixes or other.gaps or other.number or other.any_word:
            return None
        found |= other.words.keys()
    return found


def _reachable_without_word(state: _State) -> Iterator[_State]:
    yield state
    for after in state.empty:
        yield from _reachable_without_word(after)

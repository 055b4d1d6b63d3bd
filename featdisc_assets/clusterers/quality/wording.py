"""Features as words: which word stands in which feature, and which runs of words come back.

Words are counted as numbers in arrays, never as strings in loops: a million and a half features in a minute.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

Ints = npt.NDArray[np.int64]
Counts = Any  # scipy.sparse.csr_matrix, which has no types


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words of grammar. Denials are none of them: "without asking" is not "asking".
_GRAMMAR = _words(
    """
    a an and are as at be been being but by can could did do does doing done for from had has have having he her hers
    him his how i if in into is it its itself me might more most much must my of off on onto or other our ours own
    shall she should so some such than that the their theirs them themselves then there these they this those through
    to too up upon us was we were what when where which while who whom whose will with within would you your yours
    about after also although am among another any around because before between both each either every few over
    under until very via whether
    """
)
# With these a rater begins or fills any phrase: that two features have them in common says nothing of their subjects.
_GENERIC = _words(
    """
    user users model models assistant assistants ai response responses answer answers reply replies message messages
    text texts output prompt prompts conversation question questions request requests statement content information
    asks ask asking mentions mention mentioning discusses discuss discussing describes describe describing explains
    explain explaining provides provide providing uses use using includes include including contains contain
    containing gives give giving offers offer offering makes make making shows show showing presents present
    presenting refers refer references reference expresses express expressing states state stating notes note noting
    talks talk talking focuses focus wants want wanting seeks seek seeking covers cover brings adds add adding writes
    write writing starts start ends end begins begin detail details detailed specific clear general way thing things
    topic topics one two first several
    """
)
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
_GAP = r"[^\p{L}\p{M}\p{N}]+"
# Four letters are left, so that "noting" is not "not".
_ENDING = re.compile(r"(?:(?<=[a-z]{4})(?:ingly|edly|ings|ing|ies|ied|ed|es|ly|y|e)|(?<=[a-z]{3})s)$")
LONGEST = 3
# A run is nested in a longer run if this share of its features hold the longer one.
NESTED = 0.8


def _stem(word: str) -> str:
    return _ENDING.sub("", word)


_BARE = frozenset(map(_stem, _GRAMMAR | _GENERIC))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of features, in order.

    Attributes:
        n: How many features.
        row: int64[w], the feature of each word, sorted.
        word: int64[w], a row of `shown`.
        shown: The most common form of each word; forms that differ in an ending ("flatters", "flattery") are one word.
        grammar: bool[v], whether a word is a function word ("the", "with").
        bare: bool[v], whether a word is a function word or generic ("mentions", "response").
    """

    n: int
    row: Ints
    word: Ints
    shown: list[str]
    grammar: npt.NDArray[np.bool_]
    bare: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Runs of one to three words that recur.

    Attributes:
        members: bool[n, p] sparse, which feature holds which phrase.
        shown: The phrases, as words.
    """

    members: Counts
    shown: list[str]


def words_of(texts: pa.Array) -> Words:
    """Split features into lower-case words; scripts without spaces into characters.

    Args:
        texts: The features, none of them null.
    """
    folded = pc.utf8_lower(texts)
    if pc.any(pc.match_substring_regex(folded, _UNSPACED)).as_py():
        folded = pc.replace_substring_regex(folded, _UNSPACED, r" \1 ")
    split = pc.split_pattern_regex(folded, _GAP)
    row = np.repeat(np.arange(len(texts)), pc.list_value_length(split).to_numpy(zero_copy_only=False))
    flat = split.flatten()
    filled = pc.greater(pc.binary_length(flat), 0)
    coded = flat.filter(filled).dictionary_encode()
    written = coded.dictionary.to_pylist()
    used = coded.indices.to_numpy().astype(np.int64)
    # Sorted, so that numbers depend only on the words.
    _, stem_of = np.unique(np.array([_stem(word) for word in written], dtype=object), return_inverse=True)
    count = np.bincount(used, minlength=len(written))
    best = np.lexsort((np.array(written, dtype=object), -count)) if written else np.zeros(0, np.int64)
    _, first = np.unique(stem_of[best], return_index=True)
    shown = [written[i] for i in best[first]]
    grammar = np.array([word in _GRAMMAR for word in shown], bool)
    bare = grammar | np.array([_stem(word) in _BARE for word in shown], bool)
    return Words(len(texts), row[filled.to_numpy(zero_copy_only=False)], stem_of[used], shown, grammar, bare)


def table(words: Words) -> Counts:
    """float32[n, v] sparse: 1 where a feature holds a word."""
    ones = np.ones(len(words.row), np.float32)
    held = sp.csr_matrix((ones, (words.row, words.word)), shape=(words.n, len(words.shown)))
    held.data[:] = 1
    return held


def phrases_of(words: Words, *, at_least: int, at_most: int) -> Phrases:
    """Runs of one to three content words in at least `at_least` and at most `at_most` features.

    A run is at most as common as its parts, so longer runs are built from frequent shorter ones (Agrawal & Srikant
    1994). A run in nearly the same features as a longer run around it is dropped.

    Args:
        words: Of the features.
        at_least: Fewest features that hold a phrase.
        at_most: Most of them.
    """
    plain = ~words.bare[words.word]
    row, word = words.row[plain], words.word[plain]
    place, key, shorter = np.arange(len(word)), word, np.full(len(word) + 1, -1)
    held, parts, shown = [], [], []
    for length in range(1, LONGEST + 1):
        run, first, pairs = _recurring(row[place], key, at_least=at_least)
        first = place[first]
        shown += [" ".join(words.shown[i] for i in word[at : at + length]) for at in first.tolist()]
        # The two runs that each consists of, one word shorter, with numbers over all lengths.
        parts.append(np.stack([shorter[first], shorter[first + 1]]))
        done = len(shown) - len(first)
        held.append(np.stack([pairs[0], pairs[1] + done]))
        shorter = np.full(len(word) + 1, -1)
        shorter[place] = np.where(run >= 0, run + done, -1)
        place = np.flatnonzero((shorter[:-1] >= 0) & (shorter[1:] >= 0))
        place = place[row[np.minimum(place + length, len(row) - 1)] == row[place]]
        key = shorter[place] * (len(shown) + 1) + shorter[place + 1]
    rows, runs = np.concatenate(held, axis=1)
    count = np.bincount(runs, minlength=len(shown))
    wanted = (count <= at_most) & ~_nested(count, np.concatenate(parts, axis=1))
    members = sp.csc_matrix((np.ones(len(rows), np.float32), (rows, runs)), shape=(words.n, len(shown)))
    return Phrases(members[:, wanted].tocsr(), [name for name, is_one in zip(shown, wanted, strict=True) if is_one])


def _recurring(row: Ints, key: Ints, *, at_least: int) -> tuple[Ints, Ints, Ints]:
    """Number the keys that at least `at_least` rows hold.

    Returns:
        The number of each key or -1, the first position of each number, and the distinct pairs of row and number as
        int64[2, m].
    """
    known, first, run = np.unique(key, return_index=True, return_inverse=True)
    pairs = np.unique(run * (int(row.max(initial=0)) + 1) + row)
    of, rows = np.divmod(pairs, int(row.max(initial=0)) + 1)
    enough = np.bincount(of, minlength=len(known)) >= at_least
    number = np.where(enough, np.cumsum(enough) - 1, -1)
    return number[run], first[enough], np.stack([rows, number[of]])[:, number[of] >= 0]


def _nested(count: Ints, parts: Ints) -> npt.NDArray[np.bool_]:
    """Runs in nearly the same features as a longer run around them."""
    part, whole = parts.ravel(), np.tile(np.arange(parts.shape[1]), 2)
    inner = part >= 0
    nested = np.zeros(len(count), bool)
    nested[part[inner][count[whole[inner]] >= NESTED * count[part[inner]]]] = True
    return nested

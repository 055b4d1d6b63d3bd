"""Find near-equal texts: templates filled with other names and numbers, or one text many times.

A text is the set of its pairs of neighbouring words, in lower case, without punctuation, every number as 0. The
similarity of two texts is the Jaccard index of their sets, estimated from MinHash sketches of fixed size. Only texts
that agree in a band of their sketches are compared, so the time is linear in the number of texts.
"""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Sketches = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

# Defaults.
SIMILARITY = 0.5
MIN_TRANSCRIPTS = 20
FIRST_CHARS = 1_000

# 24 bands of 3: a pair of similarity 0.5 shares a band with a probability of 0.96, one of 0.1 with 0.02.
_BANDS, _ROWS = 24, 3
_SIZE = _BANDS * _ROWS
# Texts sketched and pairs compared at a time; takes some 100 MB.
_BLOCK = 20_000
_PAIRS = 100_000

_NUMBER = r"\p{Nd}+"
_GAP = r"[^\p{L}\p{M}\p{N}]+"
# Scripts without spaces between words: each character counts as a word.
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"

_random = np.random.default_rng(20_261_122)
_FACTORS = _random.integers(0, 2**63, _SIZE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS = _random.integers(0, 2**63, _SIZE, dtype=np.uint64)


def sketches(texts: pa.Array, *, first_chars: int) -> Sketches:
    """A MinHash sketch of every text; the share of columns in which two agree estimates their similarity.

    Args:
        texts: The texts, none of them null. The sketch of a text depends on it alone.
        first_chars: The number of characters that count, from the start of each text.

    Returns:
        One row per text.
    """
    found = np.empty((len(texts), _SIZE), np.uint32)
    for at in range(0, len(texts), _BLOCK):
        pairs, starts = _word_pairs(pc.utf8_slice_codeunits(texts.slice(at, _BLOCK), 0, first_chars))
        for place, (factor, term) in enumerate(zip(_FACTORS, _TERMS, strict=True)):
            # The upper half of a product depends on all bits of its factors.
            least = np.minimum.reduceat(_mix(pairs, factor, term), starts) if len(starts) else pairs[:0]
            found[at : at + _BLOCK, place] = least >> np.uint64(32)
    return found


def groups(of: Sketches, *, similarity: float) -> Ints:
    """Group similar texts: the connected components of all pairs that are similar enough.

    Args:
        of: One sketch per text.
        similarity: The minimum similarity of a pair, 0 to 1.

    Returns:
        The number of each text's group; a text without a similar one has a group to itself.
    """
    if not len(of):
        return np.zeros(0, np.int64)
    links = [(one, other) for pair in _candidate_pairs(of) for one, other in _similar_pairs(of, *pair, similarity)]
    one, other = (np.concatenate([link[side] for link in links] or [np.zeros(0, np.int64)]) for side in (0, 1))
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(of), len(of)))
    numbers: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return numbers


def summary_line(kind: str, n_texts: int, n_groups: int, largest: int, example: str) -> str:
    """One line about the near-equal texts of a kind, for log and console."""
    words = " ".join("".join(char if char.isprintable() else " " for char in example).split())
    shown = words if len(words) <= 80 else f"{words[:79]}…"
    which = "1 near-equal group" if n_groups == 1 else f"{n_groups:,} near-equal groups; the largest {largest:,}"
    return f"{n_texts:,} {kind} texts in {which}: {shown}"


def _candidate_pairs(of: Sketches) -> Iterator[tuple[Ints, Ints]]:
    """Of each band, pair every text with the one before and with the first of those that agree in it."""
    for band in range(_BANDS):
        key = np.zeros(len(of), np.uint64)
        for column in range(band * _ROWS, (band + 1) * _ROWS):
            key = _mix(key ^ of[:, column], _FACTORS[column], _TERMS[column])
        order = np.argsort(key, kind="stable")
        same = key[order][1:] == key[order][:-1]
        first = np.maximum.accumulate(np.where(np.concatenate([[False], same]), 0, np.arange(len(of))))
        later = np.flatnonzero(same) + 1
        yield order[later - 1], order[later]
        yield order[first[later]], order[later]


def _similar_pairs(of: Sketches, one: Ints, other: Ints, similarity: float) -> Iterator[tuple[Ints, Ints]]:
    """The pairs whose sketches are similar enough."""
    for at in range(0, len(one), _PAIRS):
        left, right = one[at : at + _PAIRS], other[at : at + _PAIRS]
        near = (of[left] == of[right]).mean(axis=1) >= similarity
        yield left[near], right[near]


def _word_pairs(texts: pa.Array) -> tuple[Hashes, Ints]:
    """The hashes of the word pairs of all texts, in order, and the position where each text starts."""
    folded = pc.replace_substring_regex(pc.utf8_lower(texts), _NUMBER, "0")
    if pc.any(pc.match_substring_regex(folded, _UNSPACED)).as_py():
        folded = pc.replace_substring_regex(folded, _UNSPACED, r" \1 ")
    split = pc.split_pattern_regex(folded, _GAP)
    words = split.flatten()
    text = np.repeat(np.arange(len(texts)), pc.list_value_length(split).to_numpy(zero_copy_only=False))
    filled = pc.greater(pc.binary_length(words), 0)
    words, text = words.filter(filled), text[filled.to_numpy(zero_copy_only=False)]
    # A text without words, of punctuation only, is one word.
    bare = np.setdiff1d(np.arange(len(texts)), text)
    hashes = np.concatenate([_hash(words), _hash(pc.utf8_trim_whitespace(texts.take(pa.array(bare))))])
    text = np.concatenate([text, bare])
    order = np.argsort(text, kind="stable")
    hashes, text = hashes[order], text[order]
    is_last = np.append(text[1:] != text[:-1], len(text) > 0)
    is_first = np.append(len(text) > 0, text[1:] != text[:-1])
    # The last word of a text starts no pair, unless it is the only one.
    following = np.append(hashes[1:], np.uint64(0))
    following[is_last] = 0
    kept = ~is_last | is_first
    paired = _mix(_mix(hashes, _FACTORS[0], _TERMS[0]) ^ following, _FACTORS[1], _TERMS[1])[kept]
    return paired, np.flatnonzero(np.append(len(paired) > 0, np.diff(text[kept]) > 0))


def _hash(words: pa.Array) -> Hashes:
    coded = words.dictionary_encode()
    known = [
        int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        for word in coded.dictionary.to_pylist()
    ]
    return np.array(known, np.uint64)[coded.indices.to_numpy()] if known else np.zeros(0, np.uint64)


def _mix(value: Hashes, factor: np.uint64, term: np.uint64) -> Hashes:
    """A pseudo-random hash of every number."""
    product: Hashes = (value ^ (value >> np.uint64(29))) * factor + term
    return product ^ (product >> np.uint64(32))

"""Find and mask what looks like personal data in a short text.

A heuristic: addresses and long numbers, titles, some seven hundred common given names of many languages, and
consecutive capitalised words.
"""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

# E-mail addresses, accounts, links, and numbers that are long enough to identify somebody.
_DATA = re.compile(
    r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+"
    r"|\b[\w.+-]+ at [\w-]+ dot [a-z]{2,}\b"
    r"|(?<!\w)@\w{2,}"
    r"|\b(?:https?://|www\.)\S+"
    r"|\b[A-Z]{2}\d{2}(?: ?[\dA-Z]{4}){3,}\b"
    r"|\+?\d(?:[\s().-]{0,2}\d){6,}",
    re.IGNORECASE,
)
_TITLES = "Mr|Mrs|Ms|Miss|Mister|Dr|Prof|Professor|Sir|Lady|Herr|Frau|Monsieur|Madame|Mme|Señor|Señora|Don|Doña"
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MASK = "a person"
# Given names that are also words: they count as names only if they are capitalised.
_ALSO_WORDS = frozenset(
    {"carol", "don", "jan", "jean", "jim", "kim", "marina", "max", "maya", "milan", "nick", "norman", "said", "victor"}
)


@cache
def given_names() -> frozenset[str]:
    """The given names, casefolded."""
    text = (Path(__file__).parent / "given_names.txt").read_text(encoding="utf-8")
    return frozenset(text.casefold().split())


def personal(text: str, public: Collection[str] = frozenset()) -> list[str]:
    """The spans of a text that look like personal data, in order.

    Args:
        text: A label or a sentence.
        public: Casefolded words that many share (a language, a country); a name of only these is not personal.
    """
    return [text[start:end] for start, end in _spans(text, public)]


def without_personal(text: str, public: Collection[str] = frozenset()) -> str:
    """Replace names by `a person`, and remove numbers and addresses."""
    parts, at = [], 0
    for start, end in _spans(text, public):
        mask = "" if _DATA.fullmatch(text[start:end]) else _MASK
        parts += [text[at:start], mask.capitalize() if _begins(text, start) else mask]
        at = end
    tidy = re.sub(r"\s+([.,;:!?])", r"\1", " ".join("".join([*parts, text[at:]]).split()))
    return re.sub(rf"{_MASK}(?: {_MASK})+", _MASK, tidy)


def proper_words(text: str) -> set[str]:
    """The casefolded words that might be names."""
    words = (match.group() for match in _WORD.finditer(text))
    return {word.casefold() for word in words if word[0].isupper() or word.casefold() in given_names()}


def _begins(text: str, at: int) -> bool:
    before = text[:at].rstrip()
    return not before or before[-1] in ".!?"


def _spans(text: str, public: Collection[str]) -> list[tuple[int, int]]:
    spans = [match.span() for match in _DATA.finditer(text)]
    words = list(_WORD.finditer(text))
    for run in _runs(text, words):
        named = any(match.group().casefold() in given_names() for match in run)
        titled = run[0].group() in _TITLES.split("|") and len(run) > 1
        shared = all(match.group().casefold() in public for match in run)
        if titled or ((named or len(run) > 1) and not shared):
            spans.append((run[0].start(), run[-1].end()))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _runs(text: str, words: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    """Runs of given names and capitalised words; the first word of a sentence only counts if it is a name."""
    runs: list[list[re.Match[str]]] = []
    before: re.Match[str] | None = None
    for match in words:
        word = match.group()
        starts = before is None or (
            before.group() not in _TITLES.split("|")
            and re.search(r"[.!?:]\s*$", text[before.end() : match.start()]) is not None
        )
        is_given = word.casefold() in given_names() and (word[0].isupper() or word not in _ALSO_WORDS)
        is_name = is_given or word in _TITLES.split("|")
        if is_given or (word[0].isupper() and not word.isupper() and (is_name or not starts)):
            beside = runs and before is runs[-1][-1] and re.fullmatch(r"\.?\s+", text[before.end() : match.start()])
            if beside and not starts:
                runs[-1].append(match)
            else:
                runs.append([match])
        before = match
    return runs

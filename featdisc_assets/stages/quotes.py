"""Locate quotes in their texts."""

import re

# Marks that a model substitutes for each other; the fence's marks occur in no text.
_SAME = {
    "'": "['‘’ʼ]", "‘": "['‘’ʼ]", "’": "['‘’ʼ]", '"': '["“”„«»]', "“": '["“”„«»]', "”": '["“”„«»]',
    "-": "[-‐‑–—]", "–": "[-‐‑–—]", "—": "[-‐‑–—]",
}  # fmt: skip
_OURS = re.compile(r"\N{MIDDLE DOT}|\[U\+[0-9A-F]{4,6}\]")
_AROUND = " \n\t\"'“”‘’"


def locate(text: str, quote: str) -> tuple[int, int, str] | None:
    """Start (from 1), length in characters and status of the first occurrence of a quote in a text; None without one.

    The status is `exact`, or `folded` where white space, quotation marks or dashes differ. Quotes with changed, missing
    or added words are not found.
    """
    at = text.find(quote) if quote else -1
    if at >= 0:
        return at + 1, len(quote), "exact"
    words = _OURS.sub("", quote).strip(_AROUND).split()
    if not words:
        return None
    pattern = r"\s+".join("".join(_SAME.get(char, re.escape(char)) for char in word) for word in words)
    match = re.search(pattern, text)
    return (match.start() + 1, match.end() - match.start(), "folded") if match else None

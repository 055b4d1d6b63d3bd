"""Where a quote stands in its text, if it does."""

import re

# Marks that a model writes for one another; the fence's own marks stand in no text.
_SAME = {
    "'": "['‘’ʼ]", "‘": "['‘’ʼ]", "’": "['‘’ʼ]", '"': '["“”„«»]', "“": '["“”„«»]', "”": '["“”„«»]',
    "-": "[-‐‑–—]", "–": "[-‐‑–—]", "—": "[-‐‑–—]",
}  # fmt: skip
_OURS = re.compile(r"\N{MIDDLE DOT}|\[U\+[0-9A-F]{4,6}\]")
_AROUND = " \n\t\"'“”‘’"


def locate(text: str, quote: str) -> tuple[int, int, str] | None:
    """Start (from 1), length in characters and status of a quote's first place in a text; None where it is nowhere.

    The status is `exact`, or `folded` where white space or the kind of quotation marks and dashes differ: what stands
    in the text is then what was meant. Words that were changed, left out or put in are not found.
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

"""Plain facts of size and style: true of every piece, so they only fill a short list up."""

from typing import Final

from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.view import TextView

_NOUN: Final = {"user": "message", "thought": "thought", "response": "answer", "tool": "tool traffic"}
_SIZES: Final = (
    (8, "Very short"),
    (30, "Short"),
    (90, "Fairly short"),
    (220, "Medium length"),
    (450, "Long"),
    (10**9, "Very long"),
)


def _words(view: TextView) -> int:
    """Words, with three characters of Chinese or Japanese taken as one."""
    return max(view.n_words, len(view.prose) // 3 if view.is_cjk else 0)


def _length(view: TextView) -> Found:
    n = _words(view)
    return next(f"{size} {_NOUN[view.kind]}" for most, size in _SIZES if n <= most)


def _sentence_length(view: TextView) -> Found:
    lengths = [b - a for a, b in view.sentences]
    if not lengths or view.is_cjk:
        return None
    mean = sum(lengths) / len(lengths)
    if len(lengths) == 1:
        return "A single sentence" if mean >= 4 else "A sentence fragment"
    return (
        "Very short sentences"
        if mean < 8
        else "Short sentences"
        if mean < 13
        else "Sentences of middling length"
        if mean < 21
        else "Long sentences"
    )


def _sentence_count(view: TextView) -> Found:
    n = len(view.sentences)
    if n < 2:
        return None
    return "Two or three sentences" if n < 4 else "A handful of sentences" if n < 9 else "Many sentences"


def _paragraphs(view: TextView) -> Found:
    n = sum(1 for p in view.unfenced.split("\n\n") if p.strip())
    return (
        "One paragraph"
        if n <= 1
        else "Two or three paragraphs"
        if n < 4
        else "Several paragraphs"
        if n < 9
        else "Many paragraphs"
    )


def _turns(view: TextView) -> Found:
    n = len(view.turns)
    return "Single turn" if n == 1 else "Two turns" if n == 2 else "Three or four turns" if n < 5 else "Many turns"


def _vocabulary(view: TextView) -> Found:
    words = [w for w in view.words if w[0].isalpha()]
    if len(words) < 6 or view.is_cjk:
        return None
    mean = sum(map(len, words)) / len(words)
    return "Plain short words" if mean < 4.3 else "Everyday vocabulary" if mean < 5.2 else "Long formal words"


def _variety(view: TextView) -> Found:
    words = [w for w in view.words[:200] if w[0].isalpha()]
    if len(words) < 8 or view.is_cjk:
        return None
    share = len(set(words)) / len(words)
    if len(words) < 25:
        # In a sentence or two nearly every word is new, which says nothing of the wording.
        return "Repeats many words" if share < 0.45 else "At most two dozen words"
    return (
        "Rich and varied wording"
        if share > 0.72
        else "Repeats many words"
        if share < 0.45
        else "Moderately varied wording"
    )


def _punctuation(view: TextView) -> Found:
    text = view.prose
    found = [
        ("Uses colons", ":" in text),
        ("Uses dashes", "—" in text or " - " in text or " – " in text),
        ("Uses brackets", "(" in text),
        ("Uses semicolons", ";" in text),
        ("Sparing with commas" if text.count(",") * 25 < len(view.words) else "Plenty of commas", len(view.words) > 12),
    ]
    return [feature for feature, holds in found if holds]


def _ending(view: TextView) -> Found:
    last = view.prose.rstrip()[-1:]
    if not last:
        return None
    return {
        ".": "Ends with a full stop", "?": "Ends with a question mark", "!": "Ends with an exclamation mark",
        ":": "Ends with a colon", "。": "Ends with a full stop", "？": "Ends with a question mark",
    }.get(last, "Ends without punctuation" if last.isalnum() else None)  # fmt: skip


def _opening(view: TextView) -> Found:
    first = next((c for c in view.text if not c.isspace()), "")
    if first.isupper():
        return "Opens with a capital letter"
    return "Opens with a small letter" if first.islower() else None


def _alphabet(view: TextView) -> Found:
    letters = [c for c in view.prose[:400] if c.isalpha()]
    if len(letters) < 3:
        return None
    latin = sum(c < "\u0250" for c in letters)
    return "Latin script" if latin > 0.9 * len(letters) else "Non Latin script" if latin < 0.1 * len(letters) else None


def _no_digits(view: TextView) -> Found:
    digits = sum(c.isdigit() for c in view.prose)
    return "Many digits" if digits > 20 else "A few digits" if digits else "All in words"


RULES: Final = (
    Rule("length", ANY, 19, _length),
    Rule("turns", ANY, 17, _turns),
    Rule("sentence_length", ANY, 16, _sentence_length),
    Rule("paragraphs", ANY, 15, _paragraphs),
    Rule("sentence_count", ANY, 14, _sentence_count),
    Rule("vocabulary", ANY, 13, _vocabulary),
    Rule("variety", ANY, 12, _variety),
    Rule("punctuation", ANY, 10, _punctuation),
    Rule("ending", ANY, 9, _ending),
    Rule("digits", ANY, 8, _no_digits),
    Rule("opening", ANY, 6, _opening),
    Rule("alphabet", ANY, 5, _alphabet),
)

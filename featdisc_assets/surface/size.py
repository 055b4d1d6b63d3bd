"""Length, wording and punctuation, which fill up short lists of features, and loops."""

import re
from collections import Counter
from typing import Final

from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.view import TextView

_NOUN: Final = {"user": "message", "thought": "thought", "response": "answer", "tool": "tool traffic"}
_UNIT: Final = re.compile(r"[^.!?。!?\n]+")
_SPACE: Final = re.compile(r"[\W_]+")
# Verse and lists repeat on purpose: a loop is a repeated sentence of some length, or a repeated passage.
_MIN_TIMES: Final = 4
_MIN_LETTERS: Final = 9
_MIN_LETTERS_CJK: Final = 5


def _grade(value: float, *grades: tuple[float, str], above: str) -> str:
    """The name of the first grade that the value is below, else `above`."""
    return next((name for bound, name in grades if value < bound), above)


def _length(view: TextView) -> Found:
    # Three characters of Chinese or Japanese count as one word.
    n = max(view.n_words, len(view.prose) // 3 if view.is_cjk else 0)
    short = ((9, "Very short"), (31, "Short"), (91, "Fairly short"))
    return f"{_grade(n, *short, (221, 'Medium length'), (451, 'Long'), above='Very long')} {_NOUN[view.kind]}"


def _sentence_length(view: TextView) -> Found:
    lengths = [b - a for a, b in view.sentences]
    if not lengths or view.is_cjk:
        return None
    mean = sum(lengths) / len(lengths)
    if len(lengths) == 1:
        return "A single sentence" if mean >= 4 else "A sentence fragment"
    short = ((8, "Very short sentences"), (13, "Short sentences"))
    return _grade(mean, *short, (21, "Sentences of middling length"), above="Long sentences")


def _sentence_count(view: TextView) -> Found:
    n = len(view.sentences)
    few = ((4, "Two or three sentences"), (9, "A handful of sentences"))
    return None if n < 2 else _grade(n, *few, above="Many sentences")


def _paragraphs(view: TextView) -> Found:
    n = sum(1 for p in view.unfenced.split("\n\n") if p.strip())
    few = ((2, "One paragraph"), (4, "Two or three paragraphs"), (9, "Several paragraphs"))
    return _grade(n, *few, above="Many paragraphs")


def _turns(view: TextView) -> Found:
    few = ((2, "Single turn"), (3, "Two turns"), (5, "Three or four turns"))
    return _grade(len(view.turns), *few, above="Many turns")


def _vocabulary(view: TextView) -> Found:
    words = [w for w in view.words if w[0].isalpha()]
    if len(words) < 6 or view.is_cjk:
        return None
    mean = sum(map(len, words)) / len(words)
    return _grade(mean, (4.3, "Plain short words"), (5.2, "Everyday vocabulary"), above="Long formal words")


def _variety(view: TextView) -> Found:
    words = [w for w in view.words[:200] if w[0].isalpha()]
    if len(words) < 8 or view.is_cjk:
        return None
    share = len(set(words)) / len(words)
    if share < 0.45:
        return "Repeats many words"
    # In a sentence or two nearly every word is new, whatever the wording.
    if len(words) < 25:
        return "At most two dozen words"
    return "Rich and varied wording" if share > 0.72 else "Moderately varied wording"


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


def _digits(view: TextView) -> Found:
    digits = sum(c.isdigit() for c in view.prose)
    return "Many digits" if digits > 20 else "A few digits" if digits else "All in words"


def _sentence_repeats(text: str) -> tuple[int, float]:
    """How often the most repeated sentence occurs in a text, and the share of its letters that are repeats."""
    units = [_SPACE.sub(" ", unit).strip() for unit in _UNIT.findall(text)]
    counts = Counter(unit for unit in units if len(unit) >= (_MIN_LETTERS if unit.isascii() else _MIN_LETTERS_CJK))
    if not counts:
        return 0, 0.0
    total = sum(len(unit) for unit in units)
    repeated = sum((n - 1) * len(unit) for unit, n in counts.items() if n >= 3)
    return max(counts.values()), repeated / max(total, 1)


def _ngram_repeats(words: list[str], *, size: int = 8) -> tuple[int, float]:
    """How often the most repeated run of `size` words occurs in a text, and the share of runs that are repeats."""
    n = len(words) - size + 1
    if n < 2 * size:
        return 0, 0.0
    counts = Counter(tuple(words[i : i + size]) for i in range(n))
    return max(counts.values()), sum(c - 1 for c in counts.values()) / n


def _loops(view: TextView) -> Found:
    top = share = 0.0
    for turn in view.unfenced_turns:
        times, part = _sentence_repeats(turn)
        top, share = max(top, times), max(share, part)
    runs, run_share = _ngram_repeats(view.words)
    if (top >= _MIN_TIMES and share >= 0.15) or (runs >= _MIN_TIMES and run_share >= 0.25):
        if max(share, run_share) >= 0.5:
            return ["Repeats the same passage many times", "Stuck in an endless loop"]
        return "Repeats the same passage many times"
    return None


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
    Rule("digits", ANY, 8, _digits),
    Rule("opening", ANY, 6, _opening),
    Rule("alphabet", ANY, 5, _alphabet),
    Rule("loops", ANY, 98, _loops),
)

"""The languages that a piece is written in."""

from itertools import pairwise
from typing import Final

from featdisc_assets.stages.language import OTHER_SCRIPTS, detect_language, stopword_share, words_of
from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.view import LANGUAGE_PREFIX, TextView

_MIXED_PARAGRAPHS: Final = 6


def _languages(view: TextView) -> list[str]:
    """The languages of the longer paragraphs, the main one first."""
    main = view.language
    found = [main] if main else []
    paragraphs = [p for p in view.prose.split("\n\n") if len(p) >= 80]
    step = max(1, len(paragraphs) // _MIXED_PARAGRAPHS)
    for paragraph in paragraphs[::step][:_MIXED_PARAGRAPHS]:
        language = detect_language(paragraph[:LANGUAGE_PREFIX])
        if not language or language in found:
            continue
        words = words_of(paragraph[:LANGUAGE_PREFIX])
        # A list of names or terms is not a second language: require its stop words or its script.
        share = stopword_share(words, language)
        has_stopwords = share >= 0.3 and stopword_share(words, main or "English") < share - 0.15
        if len(words) >= 12 and (has_stopwords or language in OTHER_SCRIPTS):
            found.append(language)
    return found


def _written_in(view: TextView) -> Found:
    main = view.language
    return None if main in {None, "English"} else f"Written in {main}"


def _mixes(view: TextView) -> Found:
    found = _languages(view)
    return f"Mixes {found[0]} and {found[1]}" if len(found) > 1 else None


def _changes(view: TextView) -> Found:
    if len(view.turns) < 2:
        return None
    seen = [detect_language(turn[:LANGUAGE_PREFIX]) for turn in view.turns[:8] if len(turn) >= 60]
    known = [language for language in seen if language]
    return "Changes language between turns" if any(a != b for a, b in pairwise(known)) else None


def _in_english(view: TextView) -> Found:
    return "Written in English" if view.language == "English" else None


RULES: Final = (
    Rule("language", ANY, 88, _written_in),
    Rule("mixed_languages", ANY, 86, _mixes),
    Rule("language_change", ANY, 84, _changes),
    Rule("english", ANY, 18, _in_english),
)

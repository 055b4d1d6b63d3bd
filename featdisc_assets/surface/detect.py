"""Which language a text is written in."""

import re
from functools import cache, lru_cache
from typing import Final

import stopwordsiso
from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from featdisc_assets.surface.words import word_set, words_of

# What a reader of chats is likely to meet. Each language costs memory and makes its neighbours harder to tell apart.
_NAMES: Final = word_set(
    """
    ENGLISH SPANISH FRENCH GERMAN PORTUGUESE ITALIAN DUTCH CATALAN ROMANIAN POLISH CZECH SWEDISH DANISH BOKMAL
    FINNISH HUNGARIAN TURKISH RUSSIAN UKRAINIAN BULGARIAN GREEK ARABIC PERSIAN HEBREW HINDI BENGALI THAI
    VIETNAMESE INDONESIAN JAPANESE CHINESE KOREAN
    """
)
# English names of languages where lingua's own is not what a reader would say.
_SAID: Final = {"BOKMAL": "Norwegian"}
_CODES: Final = {"Norwegian": "no"}
# Languages whose stop words alone tell them apart, tried before the detector: it is dear and unsure of short texts.
_COMMON: Final = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "pt": "Portuguese",
    "it": "Italian",
    "nl": "Dutch",
}
# Written in Latin letters, so that a lone accent proves nothing.
_LATIN_GUESSES: Final = word_set(
    """
    English Spanish French German Portuguese Italian Dutch Catalan Romanian Polish Czech Swedish Danish
    Norwegian Finnish Hungarian Turkish Vietnamese Indonesian
    """
)
# Under so many plain words the detector's guess is worth little.
_SHORT: Final = 6
_FEWEST_LETTERS: Final = 6
_LETTERS: Final = re.compile(r"[^\W\d_]")


@cache
def _detector() -> LanguageDetector:
    """The offline detector, loaded on first use; its small models take 50 MB, the large ones ten times that."""
    languages = [getattr(Language, name) for name in sorted(_NAMES)]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


@cache
def _stopwords(code: str) -> frozenset[str]:
    """A language's stop words as they come out of `words_of`, single letters left out."""
    return frozenset(word for entry in stopwordsiso.stopwords(code) for word in words_of(entry) if len(word) > 1)


def stopwords_of(language: str | None) -> frozenset[str]:
    """The folded stop words of a language given by its English name; none for a language without a list."""
    return _stopwords(code_of(language)) if language else frozenset()


@cache
def code_of(language: str) -> str:
    """The two-letter code of a language named in English, "en" where it has none."""
    if language in _CODES:
        return _CODES[language]
    known = getattr(Language, language.upper(), None)
    return known.iso_code_639_1.name.lower() if known else "en"


@lru_cache(maxsize=256)
def language_of(text: str) -> str | None:
    """The English name of the language of a short text, or None where too little stands there to tell."""
    words = [w for w in words_of(text) if len(w) > 1 and not w[0].isdigit()]
    if len(_LETTERS.findall(text)) < _FEWEST_LETTERS:
        return None
    if text.isascii() and 0 < len(words) < _SHORT:
        return _short_language(words)
    shares = sorted(((share_of(words, language), language) for language in _COMMON.values()), reverse=True)
    (best, language), (second, _) = shares[0], shares[1]
    if len(words) >= 3 and best >= 0.25 and best - second >= 0.1:
        return language
    return _detected(text, words, best=best, common=language)


def _detected(text: str, words: list[str], *, best: float, common: str) -> str | None:
    """What the detector says, where the text's own words do not speak against it."""
    guess = _detector().detect_language_of(text)
    if guess is None:
        return None
    said = _SAID.get(guess.name, guess.name.title())
    if said not in _LATIN_GUESSES:
        return said
    # Short lines and lists make the detector see rare languages: it needs the language's own stop words.
    ours = share_of(words, said)
    if best >= 0.15 and best + 0.2 > ours:
        return common
    enough = ours >= 0.2 or (ours >= 0.1 and len(words) >= 8)
    return said if enough and len(words) >= 3 else None


def _short_language(words: list[str]) -> str | None:
    """The language of a few plain words, if one alone has a stop word among them; so little tells no more."""
    known = {code: sum(w in _stopwords(code) for w in words) for code in _COMMON}
    own = {
        c: sum(w in _stopwords(c) and not any(w in _stopwords(o) for o in _COMMON if o != c) for w in words)
        for c in _COMMON
    }
    best = max(_COMMON, key=lambda code: (own[code], known[code]))
    told = own[best] > 0 and (own[best] + known[best]) * 3 >= len(words) and (best == "en" or known[best] > known["en"])
    return _COMMON[best] if told else None


def share_of(words: list[str], language: str) -> float:
    """The share of a text's words that are stop words of a language given by its English name."""
    stop = stopwords_of(language)
    return sum(word in stop for word in words) / max(1, len(words))

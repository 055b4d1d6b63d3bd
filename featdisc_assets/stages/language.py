"""The words of a text, and the language it is written in: by stop words first, then by an offline detector."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

import stopwordsiso
from lingua import Language, LanguageDetector, LanguageDetectorBuilder

SENTENCE_END: Final = frozenset({".", "?", "!"})

# A line break ends a sentence only before a paragraph, a list item or a heading: wrapped prose runs on.
_TOKEN: Final = re.compile(
    r"\b(?:[ldjmtsnc]|qu|dell|nell|all|sull|dall|un|jusqu|lorsqu|puisqu)'(?=[^\W\d_])"
    r"|\d+(?:[.,:]\d+)*"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|[.?!](?=[\s\"'”’)*_.?!]|\Z)"
    r"|:(?=\s|\Z)|[。？！]"
    r"|\n(?=[ \t]*(?:\n|[-*•#>|]|\d{1,3}[.)]))"
)
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_ENDS: Final = {"\n": ".", "。": ".", "？": "?", "！": "!"}


def fold(text: str) -> str:
    """Lower case, straight apostrophes, no accents on Latin letters."""
    if text.isascii():
        return text.lower()
    lowered = text.replace("’", "'").replace("‘", "'").casefold()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", lowered.translate(_LIGATURES)))


def words_of(text: str) -> list[str]:
    """The folded words, numbers, colons and sentence ends of a text; other punctuation is left out.

    French and Italian elisions are words of their own ("l'avocat" gives "l'", "avocat"); English contractions stay
    whole.
    """
    return [_ENDS.get(token, token) for token in _TOKEN.findall(fold(text))]


def word_set(text: str) -> frozenset[str]:
    """The words of a block of text, for word lists in code."""
    return frozenset(text.split())


# Languages that chats are likely to be in. Each further one costs memory and makes its neighbours harder to detect.
_LATIN_SCRIPT: Final = word_set(
    """
    English Spanish French German Portuguese Italian Dutch Catalan Romanian Polish Czech Swedish Danish
    Norwegian Finnish Hungarian Turkish Vietnamese Indonesian
    """
)
OTHER_SCRIPTS: Final = word_set(
    """
    Russian Ukrainian Bulgarian Greek Arabic Persian Hebrew Hindi Bengali Thai Japanese Chinese Korean
    """
)
# Detected by their stop words alone where possible: the detector is slow, and unreliable on short texts.
_COMMON: Final = ("English", "Spanish", "French", "German", "Portuguese", "Italian", "Dutch")
# ASCII texts of fewer words are not given to the detector.
_SHORT: Final = 6
_MIN_LETTERS: Final = 6
_LETTERS: Final = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=256)
def detect_language(text: str) -> str | None:
    """The English name of the language of a short text, or None where the text is too short to decide."""
    words = [w for w in words_of(text) if len(w) > 1 and not w[0].isdigit()]
    if len(_LETTERS.findall(text)) < _MIN_LETTERS:
        return None
    if text.isascii() and 0 < len(words) < _SHORT:
        return _of_few_words(words)
    shares = sorted(((stopword_share(words, language), language) for language in _COMMON), reverse=True)
    (best, language), (second, _) = shares[0], shares[1]
    if len(words) >= 3 and best >= 0.25 and best - second >= 0.1:
        return language
    return _by_detector(text, words, best_share=best, best_common=language)


@cache
def stopwords_of(language: str) -> frozenset[str]:
    """The folded stop words of a language given by its English name, without single letters."""
    code = "no" if language == "Norwegian" else getattr(Language, language.upper()).iso_code_639_1.name.lower()
    return frozenset(word for entry in stopwordsiso.stopwords(code) for word in words_of(entry) if len(word) > 1)


def stopword_share(words: list[str], language: str) -> float:
    """The share of folded words that are stop words of a language given by its English name."""
    stopwords = stopwords_of(language)
    return sum(word in stopwords for word in words) / max(1, len(words))


def _of_few_words(words: list[str]) -> str | None:
    """The common language with the most stop words that no other has, if they are a third of the words."""
    known = {language: [w for w in words if w in stopwords_of(language)] for language in _COMMON}
    own = {
        language: sum(not any(w in stopwords_of(other) for other in _COMMON if other != language) for w in found)
        for language, found in known.items()
    }
    best = max(_COMMON, key=lambda language: (own[language], len(known[language])))
    is_enough = own[best] > 0 and (own[best] + len(known[best])) * 3 >= len(words)
    return best if is_enough and (best == "English" or len(known[best]) > len(known["English"])) else None


@cache
def _detector() -> LanguageDetector:
    """The offline detector; in low accuracy mode its models take 50 MB instead of ten times that."""
    names = ["BOKMAL" if name == "Norwegian" else name.upper() for name in _LATIN_SCRIPT | OTHER_SCRIPTS]
    languages = [getattr(Language, name) for name in sorted(names)]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


def _by_detector(text: str, words: list[str], *, best_share: float, best_common: str) -> str | None:
    """The detector's guess, unless the stop words contradict it."""
    guess = _detector().detect_language_of(text)
    if guess is None:
        return None
    language = "Norwegian" if guess.name == "BOKMAL" else guess.name.title()
    if language in OTHER_SCRIPTS:
        return language
    # On short lines and lists the detector tends to rare languages: require the language's own stop words.
    share = stopword_share(words, language)
    if best_share >= 0.15 and best_share + 0.2 > share:
        return best_common
    is_enough = share >= 0.2 or (share >= 0.1 and len(words) >= 8)
    return language if is_enough and len(words) >= 3 else None

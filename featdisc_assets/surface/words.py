"""From text to the folded words that phrases are matched against."""

import re
import unicodedata
from typing import Final

SENTENCE_END: Final = frozenset({".", "?", "!"})

# A line break ends a sentence only where a paragraph, a list item or a heading begins: wrapped prose runs on.
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

_NUMBER_WORDS: Final = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
_OTHER_NUMBERS: Final = {
    1: "single un una une uno ein eine einen einem um uma",
    2: "dos deux zwei dois duas due couple",
    3: "tres trois drei tre",
    4: "cuatro quatre vier quatro quattro",
    5: "cinco cinq fuenf funf cinque",
    6: "seis sechs sei",
    7: "siete sept sieben sete sette",
    8: "ocho huit acht oito otto",
    10: "diez dix zehn dez dieci",
    12: "doce douze zwolf dodici dozen",
    15: "quince quinze funfzehn quindici",
    20: "veinte vingt zwanzig vinte venti",
    30: "thirty treinta trente dreissig trinta trenta",
    40: "forty cuarenta quarante vierzig quarenta quaranta",
    50: "fifty cincuenta cinquante funfzig cinquenta cinquanta",
    60: "sixty sesenta soixante sechzig sessenta sessanta",
    80: "eighty ochenta achtzig oitenta ottanta",
    100: "hundred cien cent hundert cem cento",
}
NUMBERS: Final = {word: n for n, word in enumerate(_NUMBER_WORDS.split(), 1)} | {
    word: n for n, words in _OTHER_NUMBERS.items() for word in words.split()
}


def fold(text: str) -> str:
    """Lower case, straight apostrophes, and no accents on Latin letters: how people type is not what they say."""
    if text.isascii():
        return text.lower()
    lowered = text.replace("’", "'").replace("‘", "'").casefold()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", lowered.translate(_LIGATURES)))


def words_of(text: str) -> list[str]:
    """The words, numbers and sentence ends of a text, folded; other punctuation falls away.

    French and Italian elisions stand alone ("l'avocat" gives "l'", "avocat"); English contractions stay whole.
    """
    return [_ENDS.get(token, token) for token in _TOKEN.findall(fold(text))]


def number_of(word: str) -> int | None:
    """The whole number a word or a run of digits stands for, or None."""
    if word[:1].isdigit():
        digits = re.sub(r"[.,:]", "", word)
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
    return NUMBERS.get(word)


def word_set(text: str) -> frozenset[str]:
    """The words of a block of text, for lists that read better as prose than as one string a line."""
    return frozenset(text.split())

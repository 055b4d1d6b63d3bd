"""From text to the folded words that phrases are matched against."""

import re
from typing import Final

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


def number_of(word: str) -> int | None:
    """The whole number a word or a run of digits stands for, or None."""
    if word[:1].isdigit():
        digits = re.sub(r"[.,:]", "", word)
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
    return NUMBERS.get(word)

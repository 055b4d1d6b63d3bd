"""What the user brings that raises the stakes: limits, harm, approval, health, law, anger."""

from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.rule import USER, Found, Rule, says
from featdisc_assets.surface.staging import is_staged
from featdisc_assets.surface.view import TextView
from featdisc_assets.surface.words import number_of

_SAID: Final = lexicon("stakes")
_HARM: Final = lexicon("harms")
_CARE: Final = lexicon("care")

_HARMS: Final = (
    ("Asks how to break a lock or get in", _HARM["lock"]),
    ("Asks for a phishing or scam message", _HARM["phishing"]),
    ("Asks how to watch somebody in secret", _HARM["stalking"]),
    ("Asks how to make a weapon or poison", _HARM["weapon"]),
    ("Asks for a forged document or signature", _HARM["forgery"]),
    ("Asks how to get into an account", _HARM["account"]),
    ("Asks how to cheat or threaten somebody", _HARM["deceit"]),
)
# The unit of a limit, by how the word for it begins in the languages of the lexicon.
_UNITS: Final = (
    ("sentence", "sentences", ("sentence", "fras", "oracion", "phrase", "satz", "fras")),
    (
        "character",
        "characters",
        ("char", "caract", "zeichen", "caratter", "signes", "battute", "letter", "letra", "lettr"),
    ),
    ("line", "lines", ("line", "linea", "ligne", "zeile", "linha", "righe", "renglon")),
    ("paragraph", "paragraphs", ("paragraph", "parraf", "absatz", "paragraf")),
    ("syllable", "syllables", ("syllable",)),
    ("bullet", "bullets", ("bullet",)),
    ("token", "tokens", ("token",)),
    ("word", "words", ("word", "palabra", "mot", "wort", "palavra", "parol")),
)
_ROUGH: Final = (
    (12, "a dozen"),
    (20, "about twenty"),
    (30, "about thirty"),
    (40, "about forty"),
    (60, "about fifty"),
    (80, "about seventy"),
    (150, "about a hundred"),
    (250, "about two hundred"),
    (400, "about three hundred"),
    (750, "about five hundred"),
    (1500, "about a thousand"),
)
# One such word stands in any text; this many different ones mean a matter of law.
_LEGAL_WORDS: Final = 4
_FEW: Final = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _limit(view: TextView) -> Found:
    spans = view.spans(_SAID["limit"])
    if not spans:
        return "Sets a strict length limit" if view.says(_SAID["limit"]) else None
    found = ["Sets a strict word limit"]
    for start, end in spans:
        said = [w for w in view.words[start:end] if w != ":"]
        number = next((n for n in map(number_of, said) if n is not None), None)
        unit = next(((one, many) for one, many, begins in _UNITS if any(w.startswith(begins) for w in said)), None)
        if unit and (number == 1 or number is None):
            found.append(f"Asks for a single {unit[0]}")
        elif unit and number:
            found.append(f"Sets a limit of {_rough(number)} {unit[1]}")
        if unit and unit[0] != "word":
            found[0] = f"Sets a strict limit of {unit[1]}"
        break
    return found


def _rough(number: int) -> str:
    if number <= 10:
        return _FEW[number]
    return next((said for most, said in _ROUGH if number <= most), "several thousand")


def _harmful(view: TextView) -> Found:
    return [feature for feature, phrases in _HARMS if view.says(phrases)][:2]


def _harmful_in_general(view: TextView) -> Found:
    """A named harm, or a wish not to be found out; in a staged scenario the latter is part of the stage."""
    covert = view.says(_HARM["cover"]) and not is_staged(view)
    return "Seeks help with something harmful" if covert or any(view.says(phrases) for _, phrases in _HARMS) else None


def _anger(view: TextView) -> Found:
    n = view.count(_SAID["anger"])
    if not n:
        return None
    return ["Complains angrily about an earlier answer", "Calls the answer wrong or useless"][: 1 + (n > 1)]


def _health(view: TextView) -> Found:
    """A part of somebody's body and a symptom, or a plain phrase; inside a game or a staged scenario nobody is ill."""
    told = view.says(_CARE["bodily"]) and view.count(_CARE["symptoms"]) >= 2
    if is_staged(view) or not (told or view.says(_CARE["health"])):
        return None
    return "Asks about a personal health problem"


def _legal(view: TextView) -> Found:
    told = len({view.words[start] for start, _ in view.spans(_CARE["legal_words"])}) >= _LEGAL_WORDS
    if is_staged(view) or not (told or view.says(_CARE["legal"])):
        return None
    return "Asks about a personal legal problem"


RULES: Final = (
    Rule("jailbreak", USER, 99, says("Attempts to bypass the safety rules", _HARM["jailbreak"])),
    Rule("word_limit", USER, 94, _limit),
    Rule("harmful_request", USER, 98, _harmful_in_general),
    Rule("harm_named", USER, 97, _harmful),
    Rule("anger", USER, 89, _anger),
    Rule("seeks_approval", USER, 87, says("Seeks approval of own work", _SAID["approval"])),
    Rule("health_question", USER, 86, _health),
    Rule("legal_question", USER, 85, _legal),
)

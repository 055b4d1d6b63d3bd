"""What raises the stakes of a request: a length limit, harm, health, law, anger, a wish for approval."""

from typing import Final

from featdisc_assets.surface.rule import USER, Found, Rule, feature_if, load_phrases
from featdisc_assets.surface.user_requests import is_staged
from featdisc_assets.surface.view import TextView
from featdisc_assets.surface.words import number_of

_PHRASES: Final = load_phrases("stakes", "harms", "care")

_HARMS: Final = (
    ("Asks how to break a lock or get in", _PHRASES["lock"]),
    ("Asks for a phishing or scam message", _PHRASES["phishing"]),
    ("Asks how to watch somebody in secret", _PHRASES["stalking"]),
    ("Asks how to make a weapon or poison", _PHRASES["weapon"]),
    ("Asks for a forged document or signature", _PHRASES["forgery"]),
    ("Asks how to get into an account", _PHRASES["account"]),
    ("Asks how to cheat or threaten somebody", _PHRASES["deceit"]),
)
_CHARACTER_PREFIXES: Final = ("char", "caract", "zeichen", "caratter", "signes", "battute", "letter", "letra", "lettr")
# The unit of a limit, and how words for it begin in the languages of the phrasebook.
_UNITS: Final = (
    ("sentence", "sentences", ("sentence", "fras", "oracion", "phrase", "satz")),
    ("character", "characters", _CHARACTER_PREFIXES),
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
# A single legal word occurs in any text; this many different ones make a legal matter.
_MIN_LEGAL_WORDS: Final = 4
_FEW: Final = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _limit(view: TextView) -> Found:
    spans = view.spans(_PHRASES["limit"])
    if not spans:
        return "Sets a strict length limit" if view.contains(_PHRASES["limit"]) else None
    found = ["Sets a strict word limit"]
    start, end = spans[0]
    words = [w for w in view.words[start:end] if w != ":"]
    number = next((n for n in map(number_of, words) if n is not None), None)
    unit = next(((one, many) for one, many, begins in _UNITS if any(w.startswith(begins) for w in words)), None)
    if unit and (number == 1 or number is None):
        found.append(f"Asks for a single {unit[0]}")
    elif unit and number:
        found.append(f"Sets a limit of {_rough(number)} {unit[1]}")
    if unit and unit[0] != "word":
        found[0] = f"Sets a strict limit of {unit[1]}"
    return found


def _rough(number: int) -> str:
    if number <= 10:
        return _FEW[number]
    return next((rough for most, rough in _ROUGH if number <= most), "several thousand")


def _harmful(view: TextView) -> Found:
    return [feature for feature, phrases in _HARMS if view.contains(phrases)][:2]


def _harmful_in_general(view: TextView) -> Found:
    """A named harm, or, outside staged scenarios, a wish not to be found out."""
    covert = view.contains(_PHRASES["cover"]) and not is_staged(view)
    is_harmful = covert or any(view.contains(phrases) for _, phrases in _HARMS)
    return "Seeks help with something harmful" if is_harmful else None


def _anger(view: TextView) -> Found:
    n = view.count(_PHRASES["anger"])
    if not n:
        return None
    return ["Complains angrily about an earlier answer", "Calls the answer wrong or useless"][: 1 + (n > 1)]


def _health(view: TextView) -> Found:
    """A part of the body and symptoms, or a plain phrase; in a role play or a staged scenario nobody is ill."""
    is_named = view.contains(_PHRASES["bodily"]) and view.count(_PHRASES["symptoms"]) >= 2
    if is_staged(view) or not (is_named or view.contains(_PHRASES["health"])):
        return None
    return "Asks about a personal health problem"


def _legal(view: TextView) -> Found:
    is_named = len({view.words[start] for start, _ in view.spans(_PHRASES["legal_words"])}) >= _MIN_LEGAL_WORDS
    if is_staged(view) or not (is_named or view.contains(_PHRASES["legal"])):
        return None
    return "Asks about a personal legal problem"


RULES: Final = (
    Rule("jailbreak", USER, 99, feature_if("Attempts to bypass the safety rules", _PHRASES["jailbreak"])),
    Rule("word_limit", USER, 94, _limit),
    Rule("harmful_request", USER, 98, _harmful_in_general),
    Rule("harm_named", USER, 97, _harmful),
    Rule("anger", USER, 89, _anger),
    Rule("seeks_approval", USER, 87, feature_if("Seeks approval of own work", _PHRASES["approval"])),
    Rule("health_question", USER, 86, _health),
    Rule("legal_question", USER, 85, _legal),
)

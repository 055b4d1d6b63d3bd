"""What kind of task the user sets."""

from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.rule import USER, Found, Rule, says
from featdisc_assets.surface.view import TextView

_SAID: Final = lexicon("asks")

_FOLLOW_UPS: Final = 3


def _maths(view: TextView) -> Found:
    """A puzzle has figures in it and puts a question; the word alone ("puzzle", "at random") is none."""
    clear = view.count(_SAID["maths"])
    if not clear and not view.says(_SAID["maths_weak"]):
        return None
    figures = sum(word[0].isdigit() for word in view.words) + sum(w in view.places for w in _COUNTED)
    return "Poses a maths or logic puzzle" if figures >= (1 if clear > 1 else 2 if clear else 4) else None


_COUNTED: Final = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "dos",
    "tres",
    "zwei",
    "drei",
    "deux",
    "trois",
    "duas",
    "due",
    "tre",
)


def _follow_up(view: TextView) -> Found:
    if len(view.turns) < _FOLLOW_UPS:
        return None
    short = sum(len(turn) < 80 for turn in view.turns[1:])
    return "Sends short follow up messages" if short >= (len(view.turns) - 1) / 2 else "Keeps asking over many turns"


def _long_paste(view: TextView) -> Found:
    longest = max((len(p) for p in view.unfenced.split("\n\n")), default=0)
    return "Pastes a long passage" if longest > 1_200 else None


RULES: Final = (
    Rule("maths", USER, 79, _maths),
    Rule("translation", USER, 77, says("Asks for a translation", _SAID["translation"])),
    Rule("summary", USER, 76, says("Asks for a summary", _SAID["summary"])),
    Rule("rewriting", USER, 75, says("Asks to rewrite or correct a text", _SAID["rewriting"])),
    Rule("code_request", USER, 75, says("Asks for help with code", _SAID["code"])),
    Rule("poem_request", USER, 73, says("Asks for a poem or song", _SAID["poem"])),
    Rule("story_request", USER, 72, says("Asks for a story or scene", _SAID["story"])),
    Rule("letter_request", USER, 71, says("Asks to draft a letter or message", _SAID["letter"])),
    Rule("recipe_request", USER, 70, says("Asks about cooking or a recipe", _SAID["recipe"])),
    Rule("persona_request", USER, 68, says("Asks for an answer in a given style", _SAID["persona_asked"])),
    Rule("steps_request", USER, 67, says("Asks for step by step working", _SAID["steps"])),
    Rule("simple_request", USER, 66, says("Asks for a simple explanation", _SAID["simply"])),
    Rule("format_request", USER, 65, says("Asks for a certain format", _SAID["format_asked"])),
    Rule("yes_no", USER, 64, says("Wants a yes or no", _SAID["yes_no"])),
    Rule("recommendation", USER, 63, says("Asks for a recommendation", _SAID["recommendation"])),
    Rule("brainstorm", USER, 62, says("Asks for ideas or names", _SAID["brainstorm"])),
    Rule("planning", USER, 61, says("Asks for help planning something", _SAID["planning"])),
    Rule("money", USER, 58, says("Asks about money or taxes", _SAID["money"])),
    Rule("explanation", USER, 44, says("Asks for an explanation", _SAID["explanation"])),
    Rule("long_paste", USER, 43, _long_paste),
    Rule("follow_up", USER, 36, _follow_up),
)

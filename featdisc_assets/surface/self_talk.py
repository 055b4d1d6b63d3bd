"""What the model says to itself in its thoughts: budgets, doubts about what is real, corrections, plans."""

from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.rule import THOUGHT, Found, Rule, says
from featdisc_assets.surface.view import TextView

_SAID: Final = lexicon("self_talk")
_DOUBTS: Final = lexicon("doubts")


def _tracks_budget(view: TextView) -> Found:
    if not view.says(_SAID["budget"]):
        return None
    if "tokens" in view.places or "token" in view.places or ("context" in view.places and "window" in view.places):
        return ["Tracks its token budget", "Counts length against a limit"]
    unit = next((unit for unit in ("characters", "sentences", "syllables", "letters") if unit in view.places), "words")
    unit = "words" if "words" in view.places else unit
    if view.count(_SAID["budget"]) > 2:
        return [f"Counts {unit} against a limit", "Trims a draft to fit the limit"]
    return f"Counts {unit} against a limit"


def _corrects(view: TextView) -> Found:
    n = view.count(_SAID["self_correction"])
    if n > 3:
        return "Corrects its own mistake more than once"
    return "Corrects its own mistake" if n else None


def _backtracks(view: TextView) -> Found:
    if view.says(_SAID["backtracking"]):
        return "Stops and reconsiders"
    return None


def _wonders_real(view: TextView) -> Found:
    return "Wonders whether this is roleplay or real" if view.says(_DOUBTS["reality"]) else None


RULES: Final = (
    Rule("wonders_if_test", THOUGHT, 100, says("Suspects this is a test or evaluation", _DOUBTS["test"])),
    Rule("roleplay_or_real", THOUGHT, 99, _wonders_real),
    Rule("weighs_harm", THOUGHT, 97, says("Weighs the risk of harm", _DOUBTS["harm"])),
    Rule("tracks_budget", THOUGHT, 95, _tracks_budget),
    Rule("self_correction", THOUGHT, 92, _corrects),
    Rule("verification", THOUGHT, 66, says("Checks its own result", _SAID["verification"])),
    Rule("backtracking", THOUGHT, 64, _backtracks),
    Rule("decides_to_decline", THOUGHT, 82, says("Decides to decline", _SAID["decides_no"])),
    Rule("anger_seen", THOUGHT, 74, says("Notices that the user is angry", _SAID["anger_seen"])),
    Rule("persona_plan", THOUGHT, 70, says("Plans how to play the character", _SAID["persona_plan"])),
    Rule("knowledge_gap", THOUGHT, 58, says("Admits a gap in what it knows", _SAID["knowledge_gap"])),
    Rule("tone_plan", THOUGHT, 56, says("Decides on the tone of the answer", _SAID["tone_plan"])),
    Rule("options", THOUGHT, 55, says("Weighs several options", _SAID["options"])),
    Rule("plan", THOUGHT, 52, says("Plans the answer step by step", _SAID["plan"])),
    Rule("user_intent", THOUGHT, 45, says("Infers the intent of the user", _SAID["user_intent"])),
)

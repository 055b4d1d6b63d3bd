"""What the model does: refuses, apologises, hedges, plays a character, writes a genre, and how it thinks."""

import re
from typing import Final

from featdisc_assets.surface.rule import RESPONSE, THOUGHT, USER, Found, Rule, feature_if, load_phrases
from featdisc_assets.surface.view import TextView

_PHRASES: Final = load_phrases("conduct", "persona", "self_talk", "doubts")
_PROFESSIONAL: Final = _PHRASES["professional"]
_STAGE: Final = re.compile(r"(?:^|[\s(\"“])\*(?![*\s])[^*\n]{6,400}[^*\s]\*(?!\*)|^_[^_\n]{8,300}_(?!_)", re.MULTILINE)
# A line that begins with a stage direction; a label ("*Every day.*") is shorter and capitalised.
_STAGE_LINE: Final = re.compile(
    r"^\*(?:[a-zà-ÿ\u3040-\u9fff][^*\n]{5,400}|[^*\s](?:[^*\n ]* ){3}[^*\n]{1,400})(?<!\s)\*(?!\*)", re.MULTILINE
)
_ITEM: Final = re.compile(r"^\s*(?:[-*•#>|]|\d{1,3}[.)])")
_NO_VERSE: Final = re.compile(r"[=\\{}<>\[\]@|]|:\s*$|\d|^\s*\S+\s*$|: \S+$")


def _hedges(view: TextView) -> Found:
    n = view.count(_PHRASES["hedging"])
    per_hundred = 100 * n / max(view.n_words, 25 * n if view.is_cjk else 1, 1)
    if n >= 3 and (per_hundred >= 3.5 or (n >= 8 and per_hundred >= 2.2)):
        return ["Hedges nearly every statement", "Marks its answer as uncertain"]
    if (n >= 3 and per_hundred >= 1.2) or (n == 2 and per_hundred >= 2.5):
        return "Hedges with words of uncertainty"
    return None


def _thought_hedges(view: TextView) -> Found:
    n = view.count(_PHRASES["hedging"])
    return "Voices uncertainty about its answer" if n >= 3 and 100 * n >= 1.5 * view.n_words else None


def _apologises(view: TextView) -> Found:
    n = view.count(_PHRASES["apology"])
    if not n:
        return None
    return "Apologises several times" if n > 2 else "Apologises to the user"


def _refuses(view: TextView) -> Found:
    refusal = _PHRASES["refusal"]
    if not view.contains(refusal):
        return None
    if len(view.spans(refusal)) > 1 and 1 < len(view.turns) <= view.count(refusal):
        return ["Declines the request", "Refuses again when pressed"]
    return "Declines the request"


def _in_persona(view: TextView) -> Found:
    """Stage directions between asterisks, or several phrases that only a character uses."""
    found = _STAGE.findall(view.unfenced) if "*" in view.unfenced or "_" in view.unfenced else []
    staged = [s for s in found if len(s.split()) >= 3 and not s.rstrip("*").endswith(":")]
    opens = _STAGE_LINE.search(view.unfenced) is not None
    # Archaic words ("thou") occur in verse as well.
    spoken = 0 if is_verse(view) else view.count(_PHRASES["in_persona"])
    if opens or len(staged) >= 2 or spoken >= 2 or (staged and spoken):
        return "Speaks in the voice of a character"
    return None


def is_verse(view: TextView) -> bool:
    """Whether four short lines of plain words follow each other that are not a list."""
    run = best = 0
    for line in view.unfenced.splitlines():
        short = 8 <= len(line.strip()) <= 60 and not _ITEM.match(line) and not _NO_VERSE.search(line)
        run = run + 1 if short else 0
        best = max(best, run)
    return best >= 4 and not view.code_lines and not view.log_lines


def _verse(view: TextView) -> Found:
    return "Written in verse" if is_verse(view) else None


def _tracks_budget(view: TextView) -> Found:
    if not view.contains(_PHRASES["budget"]):
        return None
    words = view.positions.keys()
    if words & {"tokens", "token"} or words >= {"context", "window"}:
        return ["Tracks its token budget", "Counts length against a limit"]
    units = ("words", "characters", "sentences", "syllables", "letters")
    unit = next((unit for unit in units if unit in words), "words")
    if view.count(_PHRASES["budget"]) > 2:
        return [f"Counts {unit} against a limit", "Trims a draft to fit the limit"]
    return f"Counts {unit} against a limit"


def _corrects(view: TextView) -> Found:
    n = view.count(_PHRASES["self_correction"])
    if n > 3:
        return "Corrects its own mistake more than once"
    return "Corrects its own mistake" if n else None


RULES: Final = (
    Rule("refusal", RESPONSE, 97, _refuses),
    Rule("apology", RESPONSE, 85, _apologises),
    Rule("hedging", RESPONSE, 78, _hedges),
    Rule("thought_hedging", THOUGHT, 60, _thought_hedges),
    Rule("professional_advice", RESPONSE, 86, feature_if("Advises seeing a doctor or lawyer", _PROFESSIONAL)),
    Rule("thought_professional", THOUGHT, 70, feature_if("Plans to point to a professional", _PROFESSIONAL)),
    Rule("in_persona", RESPONSE, 87, _in_persona),
    Rule("profession", USER, 70, feature_if("States own profession or role", _PHRASES["profession"])),
    Rule("verse", RESPONSE, 64, _verse),
    Rule("letter", RESPONSE, 63, feature_if("Drafts a letter or message", _PHRASES["letter_text"])),
    Rule("story", RESPONSE, 60, feature_if("Tells a story", _PHRASES["story_text"])),
    Rule("recipe", RESPONSE, 59, feature_if("Gives cooking instructions", _PHRASES["recipe_text"])),
    Rule("wonders_if_test", THOUGHT, 100, feature_if("Suspects this is a test or evaluation", _PHRASES["test"])),
    Rule("roleplay_or_real", THOUGHT, 99, feature_if("Wonders whether this is roleplay or real", _PHRASES["reality"])),
    Rule("weighs_harm", THOUGHT, 97, feature_if("Weighs the risk of harm", _PHRASES["harm"])),
    Rule("tracks_budget", THOUGHT, 95, _tracks_budget),
    Rule("self_correction", THOUGHT, 92, _corrects),
    Rule("verification", THOUGHT, 66, feature_if("Checks its own result", _PHRASES["verification"])),
    Rule("backtracking", THOUGHT, 64, feature_if("Stops and reconsiders", _PHRASES["backtracking"])),
    Rule("decides_to_decline", THOUGHT, 82, feature_if("Decides to decline", _PHRASES["decides_no"])),
    Rule("anger_seen", THOUGHT, 74, feature_if("Notices that the user is angry", _PHRASES["anger_seen"])),
    Rule("persona_plan", THOUGHT, 70, feature_if("Plans how to play the character", _PHRASES["persona_plan"])),
    Rule("knowledge_gap", THOUGHT, 58, feature_if("Admits a gap in what it knows", _PHRASES["knowledge_gap"])),
    Rule("tone_plan", THOUGHT, 56, feature_if("Decides on the tone of the answer", _PHRASES["tone_plan"])),
    Rule("options", THOUGHT, 55, feature_if("Weighs several options", _PHRASES["options"])),
    Rule("plan", THOUGHT, 52, feature_if("Plans the answer step by step", _PHRASES["plan"])),
    Rule("user_intent", THOUGHT, 45, feature_if("Infers the intent of the user", _PHRASES["user_intent"])),
)

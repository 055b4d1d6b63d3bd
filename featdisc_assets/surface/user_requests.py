"""What the user asks for: the kind of task, a role to play, a staged scenario with an agent."""

import re
from typing import Final

from featdisc_assets.stages.language import word_set
from featdisc_assets.surface.rule import USER, Found, Rule, feature_if, load_phrases
from featdisc_assets.surface.view import TextView

_PHRASES: Final = load_phrases("asks", "staging")
# Characters of a piece in which signs of a role or a scenario are looked for.
_SCAN: Final = 6_000
_NUMBER_WORDS: Final = word_set("two three four five six seven dos tres zwei drei deux trois duas due tre")

# "be Osgar, keeper of...": an order to be somebody with a name, at the start of a sentence.
_BE_SOMEBODY: Final = re.compile(
    r"(?:^|[.!?\n][ \t]*)(?:(?:ok|now|so|please|pls|can you|could you|can u)[ ,]{1,3})?(?:[Bb]e|[Pp]lay)(?: as)? "
    r"(?:the |my |a |an |old |king |queen |captain |sister |brother |master )?(?=[A-Z][a-z]{2})(?!God|Christmas|"
    r"English|German|French)"
)
_ACTION: Final = re.compile(r"(?:^|[\s(])\*[a-zà-ÿ][^*\s]{0,20} [^*\n]{2,200}\*(?!\*)")
_YOU_AND_I: Final = re.compile(
    r"\b(?i:you|u) ?(?:are|'re|re) (?:(?i:a|an|the|my)|[A-Z][a-z]+) [^\n]{3,200}?"
    r"\b(?i:i'm|im|i am) (?i:a|an|the|your|just)\b"
)
_CODE_NAME: Final = re.compile(
    r"\b(?:[Yy]ou are|[Yy]ou're|[Ee]res|[Dd]u bist|[Tt]u es|[Vv]ous êtes|[Vv]ocê é|[Ss]ei)[ :]+"
    r"(?:an? |the |el |la |der |die |das |l'|o |a |il )?[\w ]{0,24}?\b[A-Z]{2,}[A-Z0-9_]*(?:[-_ ][A-Z0-9]{1,12})*\b"
)
_AGENT_NAME: Final = re.compile(
    r"\b[A-Z][A-Z0-9]*[-_](?:AGENT|BOT|ASSIST|AI|OPS|GPT|\d{1,2})\b|\b[A-Z]+_AGENT\b|\bAGENT[-_][A-Z0-9]+\b|"
    r"\bAGENTE[-_ ][A-Z0-9]+\b"
)
# "Person X", "School S", "EMPLOYEE_A", "Dr. Placeholder".
_PLACEHOLDER: Final = re.compile(
    r"\b[A-ZÀ-Ý][a-zà-ÿ]{3,14}[ _](?:[A-Z]|\d{1,4})\b(?![.'’]\w)|\b[A-Z]{3,12}_[A-Z0-9]\b|\bPlaceholder\b|\b(?:Mr|"
    r"Ms|Dr|Sr)\.? [A-Z]\b"
)
_OPTIONS: Final = re.compile(
    r"^\s*\(?[aA1][).:]\s.*\n\s*\(?[bB2][).:]\s|\([Aa]\)[^\n]{2,200}\([Bb]\)|\bOp(?:tion|ción|ção|zione) (?:A|1)\b",
    re.MULTILINE,
)
_KEY: Final = re.compile(r"\[\s*(?:answer )?key\b|\[(?:Clave|Schlüssel|Lösung|Corrigé|Gabarito)", re.IGNORECASE)
_HEADER: Final = re.compile(
    r"^\W{0,3}(?:SCENARIO|SZENARIO|ESCENARIO|CENÁRIO|SIMULATION|EVALUATION|TEST CASE|VIGNETTE|DILEMMA|SCÉNARIO|"
    r"SIMULAZIONE|SCENARIO)\b",
    re.MULTILINE,
)


def _maths(view: TextView) -> Found:
    """Words such as "puzzle" or "at random" alone do not make a puzzle: it has numbers as well."""
    clear = view.count(_PHRASES["maths"])
    if not clear and not view.contains(_PHRASES["maths_weak"]):
        return None
    figures = sum(word[0].isdigit() for word in view.words) + sum(w in view.positions for w in _NUMBER_WORDS)
    return "Poses a maths or logic puzzle" if figures >= (1 if clear > 1 else 2 if clear else 4) else None


def _follow_up(view: TextView) -> Found:
    if len(view.turns) < 3:
        return None
    short = sum(len(turn) < 80 for turn in view.turns[1:])
    return "Sends short follow up messages" if short >= (len(view.turns) - 1) / 2 else "Keeps asking over many turns"


def _long_paste(view: TextView) -> Found:
    longest = max((len(p) for p in view.unfenced.split("\n\n")), default=0)
    return "Pastes a long passage" if longest > 1_200 else None


def is_scenario(view: TextView) -> bool:
    """Whether the piece has two signs of a staged scenario, one of which is rare elsewhere (unlike exams and forms)."""
    text = view.body[:_SCAN]
    staged = (
        view.contains(_PHRASES["agent"]) or _CODE_NAME.search(text) is not None or _AGENT_NAME.search(text) is not None,
        view.contains(_PHRASES["access"]),
        view.contains(_PHRASES["unwatched"]),
        view.contains(_PHRASES["scenario_header"]) or _HEADER.search(text) is not None,
        _KEY.search(text) is not None,
    )
    if not any(staged):
        return False
    ordinary = (
        len(set(_PLACEHOLDER.findall(text))) >= 2,
        view.contains(_PHRASES["grading"]),
        view.contains(_PHRASES["goal"]),
        _OPTIONS.search(text) is not None,
    )
    return sum(staged) + sum(ordinary) >= 2


def is_roleplay(view: TextView) -> bool:
    """Whether the user asks for a role to be played or plays one: by phrase, by name, by actions between asterisks."""
    text = view.prose[:_SCAN]
    if is_scenario(view):
        return False
    if view.contains(_PHRASES["roleplay"]) or _BE_SOMEBODY.search(text) or _YOU_AND_I.search(text):
        return True
    return "*" in text and _ACTION.search(text) is not None


def is_staged(view: TextView) -> bool:
    """Whether the piece is a role play or a scenario, so that nothing in it happened to the user."""
    return is_scenario(view) or is_roleplay(view)


def _roleplay(view: TextView) -> Found:
    return "Asks the model to play a character" if is_roleplay(view) else None


def _scenario(view: TextView) -> Found:
    return "Reads like a contrived agent scenario" if is_scenario(view) else None


RULES: Final = (
    Rule("maths", USER, 79, _maths),
    Rule("translation", USER, 77, feature_if("Asks for a translation", _PHRASES["translation"])),
    Rule("summary", USER, 76, feature_if("Asks for a summary", _PHRASES["summary"])),
    Rule("rewriting", USER, 75, feature_if("Asks to rewrite or correct a text", _PHRASES["rewriting"])),
    Rule("code_request", USER, 75, feature_if("Asks for help with code", _PHRASES["code"])),
    Rule("poem_request", USER, 73, feature_if("Asks for a poem or song", _PHRASES["poem"])),
    Rule("story_request", USER, 72, feature_if("Asks for a story or scene", _PHRASES["story"])),
    Rule("letter_request", USER, 71, feature_if("Asks to draft a letter or message", _PHRASES["letter"])),
    Rule("recipe_request", USER, 70, feature_if("Asks about cooking or a recipe", _PHRASES["recipe"])),
    Rule("persona_request", USER, 68, feature_if("Asks for an answer in a given style", _PHRASES["persona_asked"])),
    Rule("steps_request", USER, 67, feature_if("Asks for step by step working", _PHRASES["steps"])),
    Rule("simple_request", USER, 66, feature_if("Asks for a simple explanation", _PHRASES["simply"])),
    Rule("format_request", USER, 65, feature_if("Asks for a certain format", _PHRASES["format_asked"])),
    Rule("yes_no", USER, 64, feature_if("Wants a yes or no", _PHRASES["yes_no"])),
    Rule("recommendation", USER, 63, feature_if("Asks for a recommendation", _PHRASES["recommendation"])),
    Rule("brainstorm", USER, 62, feature_if("Asks for ideas or names", _PHRASES["brainstorm"])),
    Rule("planning", USER, 61, feature_if("Asks for help planning something", _PHRASES["planning"])),
    Rule("money", USER, 58, feature_if("Asks about money or taxes", _PHRASES["money"])),
    Rule("explanation", USER, 44, feature_if("Asks for an explanation", _PHRASES["explanation"])),
    Rule("long_paste", USER, 43, _long_paste),
    Rule("follow_up", USER, 36, _follow_up),
    Rule("scenario", USER, 97, _scenario),
    Rule("roleplay_request", USER, 90, _roleplay),
)

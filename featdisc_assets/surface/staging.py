"""Staged requests of the user: playing a part, and scenarios in which an agent is left alone with a choice."""

import re
from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.rule import USER, Found, Rule
from featdisc_assets.surface.view import TextView

_SAID: Final = lexicon("staging")
_SCAN: Final = 6_000

# "be Osgar, keeper of...": a bidding to be somebody with a name, at the start of a sentence.
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
# "Person X", "School S", "EMPLOYEE_A", "Dr. Placeholder": a name nobody took the trouble to invent.
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

# Signs that somebody set a stage, and those any exam or form may show.
_NEEDED: Final = 2


def is_scenario(view: TextView) -> bool:
    """Whether the user sets up a staged scenario: at least two different signs, one of them of an agent or a stage."""
    text = view.body[:_SCAN]
    staged = (
        view.says(_SAID["agent"]) or _CODE_NAME.search(text) is not None or _AGENT_NAME.search(text) is not None,
        view.says(_SAID["access"]),
        view.says(_SAID["unwatched"]),
        view.says(_SAID["scenario_header"]) or _HEADER.search(text) is not None,
        _KEY.search(text) is not None,
    )
    if not any(staged):
        return False
    ordinary = (
        len(set(_PLACEHOLDER.findall(text))) >= 2,
        view.says(_SAID["grading"]),
        view.says(_SAID["goal"]),
        _OPTIONS.search(text) is not None,
    )
    return sum(staged) + sum(ordinary) >= _NEEDED


def is_roleplay(view: TextView) -> bool:
    """Whether the user asks for a part to be played, or plays one: by phrase, by name, by actions between asterisks."""
    text = view.prose[:_SCAN]
    if is_scenario(view):
        return False
    if view.says(_SAID["roleplay"]) or _BE_SOMEBODY.search(text) or _YOU_AND_I.search(text):
        return True
    return "*" in text and _ACTION.search(text) is not None


def is_staged(view: TextView) -> bool:
    """Whether what the user tells is a game or a scenario, so that nothing in it happened to the user."""
    return is_scenario(view) or is_roleplay(view)


def _roleplay(view: TextView) -> Found:
    return "Asks the model to play a character" if is_roleplay(view) else None


def _scenario(view: TextView) -> Found:
    return "Reads like a contrived agent scenario" if is_scenario(view) else None


RULES: Final = (
    Rule("scenario", USER, 97, _scenario),
    Rule("roleplay_request", USER, 90, _roleplay),
)

"""What the model does in its answers, towards the person: refusing, apologising, hedging, sending to others."""

from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.rule import MODEL, RESPONSE, Found, Rule, says
from featdisc_assets.surface.view import TextView

_SAID: Final = lexicon("conduct")
REFUSAL, APOLOGY, PROFESSIONAL = _SAID["refusal"], _SAID["apology"], _SAID["professional"]


def _hedges(view: TextView) -> Found:
    n = view.count(_SAID["hedging"])
    per_hundred = 100 * n / max(view.n_words, 25 * n if view.is_cjk else 1, 1)
    if n >= 3 and (per_hundred >= 3.5 or (n >= 8 and per_hundred >= 2.2)):
        return ["Hedges nearly every statement", "Marks its answer as uncertain"]
    if (n >= 3 and per_hundred >= 1.2) or (n == 2 and per_hundred >= 2.5):
        return "Hedges with words of uncertainty"
    return None


def _thought_hedges(view: TextView) -> Found:
    n = view.count(_SAID["hedging"])
    return "Voices uncertainty about its answer" if n >= 3 and 100 * n >= 1.5 * view.n_words else None


def _apologises(view: TextView) -> Found:
    n = view.count(APOLOGY)
    if not n:
        return None
    return "Apologises several times" if n > 2 else "Apologises to the user"


def _refuses(view: TextView) -> Found:
    if not view.says(REFUSAL):
        return None
    first = view.spans(REFUSAL)
    if len(first) > 1 and len(view.turns) > 1 and view.count(REFUSAL) >= len(view.turns):
        return ["Declines the request", "Refuses again when pressed"]
    return "Declines the request"


RULES: Final = (
    Rule("refusal", RESPONSE, 97, _refuses),
    Rule("apology", RESPONSE, 85, _apologises),
    Rule("hedging", RESPONSE, 78, _hedges),
    Rule("thought_hedging", frozenset({"thought"}), 60, _thought_hedges),
    Rule("professional_advice", RESPONSE, 86, says("Advises seeing a doctor or lawyer", PROFESSIONAL)),
    Rule("thought_professional", frozenset({"thought"}), 70, says("Plans to point to a professional", PROFESSIONAL)),
)
__all__ = ["APOLOGY", "MODEL", "PROFESSIONAL", "REFUSAL", "RULES"]

"""How a piece speaks: greetings, thanks, praise, questions, feeling, haste, carelessness."""

import re
from typing import Final

from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.phrases import Phrases
from featdisc_assets.surface.rule import ANY, MODEL, RESPONSE, SPOKEN, USER, Found, Rule, by_kind, says
from featdisc_assets.surface.staging import is_scenario
from featdisc_assets.surface.view import TextView

_SAID: Final = lexicon("manner")
_QUESTION: Final = re.compile(r"[?？]+")
_WHY: Final = Phrases(
    "{why|how come|por que|warum|wieso|weshalb|pourquoi|perche|porque e que}", substrings=("なぜ", "どうして", "为什么")
)
_HOW: Final = Phrases(
    """
    {how do|how to|how can|how would|how should|how does|how did|how is|how are|how will|how could}
    {como puedo|como se|como hago|como podria|wie kann|wie mache|wie geht|wie macht|wie soll}
    {comment faire|comment puis je|comment on|comment est ce|comment je|je fais comment}
    {como posso|como faco|como e que|come posso|come si|come faccio}
    """,
    substrings=("どうやって", "どうすれば", "怎么", "如何"),
)
# Everyday words in capitals are shouted; other words in capitals are mostly abbreviations.
_CAPS: Final = re.compile(r"(?<![\w#*_-])(?:[A-Z]{4,}|NOT|NOW|WHY|YOU|ALL|TOO|THE|OUT|OFF|WHO|HOW)(?![\w#*_-])")
_TYPED: Final = re.compile(
    r"\b(?:u|ur|pls|plz|thx|idk|dont|cant|doesnt|didnt|wont|isnt|im|ive|whats|thats|wanna|gonna|gotta|cuz|bc|tho|"
    r"rn|btw|lol|ppl|smth|"
    r"alot|teh|recieve|definately|seperate|becuase|wich|thier|hows|wheres|theres|its just|kinda|ya|yrs|q|tmrw|xq|"
    r"tb|pq|vc|stp|svp)\b"
)


def _questions(view: TextView) -> Found:
    n = sum(1 for _ in _QUESTION.finditer(view.prose))
    if not n:
        return None
    if view.kind == "user":
        return "Asks one question" if n == 1 else "Asks a few questions" if n < 4 else "Asks many questions"
    if view.kind == "thought":
        return "Puts a question to itself" if n < 4 else "Puts many questions to itself"
    return None


def _asks_back(view: TextView) -> Found:
    ends = [turn.rstrip(" *_)\"'”’").endswith(("?", "？")) for turn in view.said_turns]
    if not any(ends):
        return None
    return "Ends every turn with a question" if len(ends) > 1 and all(ends) else "Asks the user a question back"


def _why(view: TextView) -> Found:
    return "Asks why something is so" if _QUESTION.search(view.prose) and view.says(_WHY) else None


def _how(view: TextView) -> Found:
    return "Asks how to do something" if view.says(_HOW) else None


def _flatters(view: TextView) -> Found:
    n = view.count(_SAID["flattery"])
    if not n:
        return None
    return ["Flatters the user", "Praises the user lavishly"] if n > 2 else "Flatters the user or their work"


def _offers(view: TextView) -> Found:
    """An offer counts where a turn ends: in the middle, the same words belong to the matter."""
    phrases = _SAID["offers_help"]
    spans = view.spans(phrases)
    if spans and len(view.words) - spans[-1][0] <= 45:
        return "Ends by offering more help"
    return (
        "Ends by offering more help" if view.is_cjk and any(s in view.prose[-60:] for s in phrases.substrings) else None
    )


def _greets(view: TextView) -> Found:
    spans = view.spans(_SAID["greeting"])
    opens = (bool(spans) and spans[0][0] <= 3) or (
        view.is_cjk and any(s in view.prose[:12] for s in _SAID["greeting"].substrings)
    )
    return "Opens with a greeting" if opens else None


def _feeling(view: TextView) -> Found:
    up, down = view.count(_SAID["positive"]), view.count(_SAID["negative"])
    if up >= 2 and up >= 2 * down + 1 and up * 120 >= view.n_words:
        return "Warm and positive in tone"
    if down >= 2 and down >= 2 * up + 1 and down * 120 >= view.n_words:
        return "Distressed or negative in tone"
    return "Mixed feelings in tone" if up >= 3 and down >= 3 else None


def _exclaims(view: TextView) -> Found:
    n = view.prose.count("!") + view.prose.count("！")
    if n == 0:
        return None
    return "Many exclamation marks" if n >= 5 else "Uses an exclamation mark" if n == 1 else "Uses exclamation marks"


def _shouts(view: TextView) -> Found:
    found = [
        word
        for word in _CAPS.findall(view.prose[:8_000])
        if word not in {"JSON", "HTTP", "HTML", "NASA", "HTTPS", "NULL", "TODO"}
    ]
    upper = sum(c.isupper() for c in view.prose[:2_000])
    letters = sum(c.isalpha() for c in view.prose[:2_000])
    if letters >= 12 and upper > 0.7 * letters:
        return "Written all in capitals"
    return "Shouts words in capitals" if len(found) >= 2 and not is_scenario(view) else None


def _casual(view: TextView) -> Found:
    typed = len(_TYPED.findall(view.prose.lower()[:8_000]))
    starts = [turn.lstrip()[:1] for turn in view.turns]
    lower = sum(c.islower() for c in starts) > len(starts) / 2 and " i " in f" {view.prose} ".replace("\n", " ")
    all_small = not any(c.isupper() for c in view.prose[:2_000]) and any(c.islower() for c in view.prose[:200])
    if all_small and len(view.words) > 4:
        return ["Writes all in lower case"] + (["Casual spelling and chat shorthand"] if typed >= 1 else [])
    if typed >= 2 or (lower and typed >= 1):
        return "Casual spelling and chat shorthand"
    return None


def _quotes(view: TextView) -> Found:
    text = view.prose
    n = (
        min(text.count("“"), text.count("”"))
        + text.count('"') // 2
        + text.count("«")
        + text.count("「")
        + text.count("„")
    )
    return None if n == 0 else "Quotes words or speech" if n < 4 else "Full of quoted words or speech"


RULES: Final = (
    Rule("flattery", RESPONSE, 88, _flatters),
    Rule("admits_error", RESPONSE, 83, says("Admits its own mistake", _SAID["admits_error"])),
    Rule("disagrees", USER, 75, says("Contradicts the model", _SAID["disagrees"])),
    Rule("disclaimer", MODEL, 74, says("Adds a disclaimer", _SAID["disclaimer"])),
    Rule("policy", ANY, 69, says("Refers to guidelines or policy", _SAID["policy"])),
    Rule("urgency", USER, 69, says("Presses for time", _SAID["urgency"])),
    Rule("shouting", USER, 67, _shouts),
    Rule("empathy", RESPONSE, 66, says("Shows understanding for the user", _SAID["empathy"])),
    Rule("warning", RESPONSE, 56, says("Warns about a danger", _SAID["warns"])),
    Rule("feeling", ANY, 55, _feeling),
    Rule("asks_back", RESPONSE, 54, _asks_back),
    Rule("offers_help", RESPONSE, 53, _offers),
    Rule("casual", USER, 51, _casual),
    Rule("greeting", SPOKEN, 50, _greets),
    Rule("thanks", SPOKEN, 49, by_kind({"user": "Thanks the model", "response": "Says thanks"}, _SAID["thanks"])),
    Rule("why", USER, 48, _why),
    Rule("how", USER, 46, _how),
    Rule("questions", USER | {"thought"}, 42, _questions),
    Rule("conclusion", RESPONSE, 41, says("Closes with a summary", _SAID["conclusion"])),
    Rule("definition", RESPONSE, 40, says("Defines a term", _SAID["definition"])),
    Rule("comparison", ANY, 39, says("Draws a comparison", _SAID["comparison"])),
    Rule("examples", MODEL, 38, says("Gives examples", _SAID["examples"])),
    Rule("exclamation", ANY, 37, _exclaims),
    Rule("quotes", ANY, 34, _quotes),
)

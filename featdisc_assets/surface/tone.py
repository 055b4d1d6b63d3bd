"""The tone of a piece: greetings, thanks, praise, questions, feelings, urgency, casual spelling."""

import re
from typing import Final

from featdisc_assets.surface.phrases import Phrases
from featdisc_assets.surface.rule import (
    ANY,
    MODEL,
    RESPONSE,
    SPOKEN,
    THOUGHT,
    USER,
    Found,
    Rule,
    feature_if,
    load_phrases,
)
from featdisc_assets.surface.user_requests import is_scenario
from featdisc_assets.surface.view import TextView

_PHRASES: Final = load_phrases("manner")
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
# Words in capitals; of short ones only everyday words, as others are mostly abbreviations.
_CAPS: Final = re.compile(r"(?<![\w#*_-])(?:[A-Z]{4,}|NOT|NOW|WHY|YOU|ALL|TOO|THE|OUT|OFF|WHO|HOW)(?![\w#*_-])")
_ABBREVIATIONS: Final = frozenset({"JSON", "HTTP", "HTML", "NASA", "HTTPS", "NULL", "TODO"})
_SHORTHAND: Final = re.compile(
    r"\b(?:u|ur|pls|plz|thx|idk|dont|cant|doesnt|didnt|wont|isnt|im|ive|whats|thats|wanna|gonna|gotta|cuz|bc|tho|"
    r"rn|btw|lol|ppl|smth|"
    r"alot|teh|recieve|definately|seperate|becuase|wich|thier|hows|wheres|theres|its just|kinda|ya|yrs|q|tmrw|xq|"
    r"tb|pq|vc|stp|svp)\b"
)


def _questions(view: TextView) -> Found:
    n = len(_QUESTION.findall(view.prose))
    if not n:
        return None
    if view.kind == "user":
        return "Asks one question" if n == 1 else "Asks a few questions" if n < 4 else "Asks many questions"
    if view.kind == "thought":
        return "Puts a question to itself" if n < 4 else "Puts many questions to itself"
    return None


def _asks_back(view: TextView) -> Found:
    ends = [turn.rstrip(" *_)\"'”’").endswith(("?", "？")) for turn in view.unfenced_turns]
    if not any(ends):
        return None
    return "Ends every turn with a question" if len(ends) > 1 and all(ends) else "Asks the user a question back"


def _why(view: TextView) -> Found:
    return "Asks why something is so" if _QUESTION.search(view.prose) and view.contains(_WHY) else None


def _flatters(view: TextView) -> Found:
    n = view.count(_PHRASES["flattery"])
    if not n:
        return None
    return ["Flatters the user", "Praises the user lavishly"] if n > 2 else "Flatters the user or their work"


def _offers(view: TextView) -> Found:
    """Offers count only near the end of the piece."""
    phrases = _PHRASES["offers_help"]
    spans = view.spans(phrases)
    if spans and len(view.words) - spans[-1][0] <= 45:
        return "Ends by offering more help"
    offers = view.is_cjk and any(s in view.prose[-60:] for s in phrases.substrings)
    return "Ends by offering more help" if offers else None


def _greets(view: TextView) -> Found:
    phrases = _PHRASES["greeting"]
    spans = view.spans(phrases)
    opens = spans[0][0] <= 3 if spans else False
    opens = opens or (view.is_cjk and any(s in view.prose[:12] for s in phrases.substrings))
    return "Opens with a greeting" if opens else None


def _thanks(view: TextView) -> Found:
    if not view.contains(_PHRASES["thanks"]):
        return None
    return "Thanks the model" if view.kind == "user" else "Says thanks"


def _feeling(view: TextView) -> Found:
    up, down = view.count(_PHRASES["positive"]), view.count(_PHRASES["negative"])
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
    found = [word for word in _CAPS.findall(view.prose[:8_000]) if word not in _ABBREVIATIONS]
    upper = sum(c.isupper() for c in view.prose[:2_000])
    letters = sum(c.isalpha() for c in view.prose[:2_000])
    if letters >= 12 and upper > 0.7 * letters:
        return "Written all in capitals"
    return "Shouts words in capitals" if len(found) >= 2 and not is_scenario(view) else None


def _casual(view: TextView) -> Found:
    n_shorthand = len(_SHORTHAND.findall(view.prose.lower()[:8_000]))
    starts = [turn.lstrip()[:1] for turn in view.turns]
    lower = sum(c.islower() for c in starts) > len(starts) / 2 and " i " in f" {view.prose} ".replace("\n", " ")
    all_small = not any(c.isupper() for c in view.prose[:2_000]) and any(c.islower() for c in view.prose[:200])
    if all_small and len(view.words) > 4:
        return ["Writes all in lower case"] + (["Casual spelling and chat shorthand"] if n_shorthand >= 1 else [])
    if n_shorthand >= 2 or (lower and n_shorthand >= 1):
        return "Casual spelling and chat shorthand"
    return None


def _quotes(view: TextView) -> Found:
    text = view.prose
    n = text.count('"') // 2 + min(text.count("“"), text.count("”")) + sum(text.count(mark) for mark in "«「„")
    return None if n == 0 else "Quotes words or speech" if n < 4 else "Full of quoted words or speech"


RULES: Final = (
    Rule("flattery", RESPONSE, 88, _flatters),
    Rule("admits_error", RESPONSE, 83, feature_if("Admits its own mistake", _PHRASES["admits_error"])),
    Rule("disagrees", USER, 75, feature_if("Contradicts the model", _PHRASES["disagrees"])),
    Rule("disclaimer", MODEL, 74, feature_if("Adds a disclaimer", _PHRASES["disclaimer"])),
    Rule("policy", ANY, 69, feature_if("Refers to guidelines or policy", _PHRASES["policy"])),
    Rule("urgency", USER, 69, feature_if("Presses for time", _PHRASES["urgency"])),
    Rule("shouting", USER, 67, _shouts),
    Rule("empathy", RESPONSE, 66, feature_if("Shows understanding for the user", _PHRASES["empathy"])),
    Rule("warning", RESPONSE, 56, feature_if("Warns about a danger", _PHRASES["warns"])),
    Rule("feeling", ANY, 55, _feeling),
    Rule("asks_back", RESPONSE, 54, _asks_back),
    Rule("offers_help", RESPONSE, 53, _offers),
    Rule("casual", USER, 51, _casual),
    Rule("greeting", SPOKEN, 50, _greets),
    Rule("thanks", SPOKEN, 49, _thanks),
    Rule("why", USER, 48, _why),
    Rule("how", USER, 46, feature_if("Asks how to do something", _HOW)),
    Rule("questions", USER | THOUGHT, 42, _questions),
    Rule("conclusion", RESPONSE, 41, feature_if("Closes with a summary", _PHRASES["conclusion"])),
    Rule("definition", RESPONSE, 40, feature_if("Defines a term", _PHRASES["definition"])),
    Rule("comparison", ANY, 39, feature_if("Draws a comparison", _PHRASES["comparison"])),
    Rule("examples", MODEL, 38, feature_if("Gives examples", _PHRASES["examples"])),
    Rule("exclamation", ANY, 37, _exclaims),
    Rule("quotes", ANY, 34, _quotes),
)

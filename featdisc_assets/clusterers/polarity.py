"""The polarity of features, because embeddings put "Avoids flattery" beside "Flatters the user".

Rules over words give two signs: whether a feature says that something is present, absent or refused, and, on some axes,
which of two opposites it names. A word without a rule has no sign, and only the embedding decides.
"""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int8]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Only the first words count: "Refuses bluntly and without explanation" is a refusal, not an absence, and "Explains the
# guillotine in a long message" is about the guillotine.
LEAD_WORDS = 4
PRESENT, ABSENT, REFUSED = 0, 1, 2
_ABSENT = _words(
    """
    no not non never without lacks lack lacking absence absent avoids avoid avoiding avoided omits omit omitting
    omitted doesnt dont isnt arent didnt hasnt wasnt none nothing neither nor fails refrains refrain refraining
    abstains forgoes skips skipping devoid withholds sin ningún ninguna evita evitar nunca sans jamais aucun aucune
    évite ohne kein keine keinen keinem keiner nicht nie vermeidet senza nessun nessuna sem nenhum nenhuma без нет
    не никогда
    """
)
_REFUSED = _words(
    """
    refuses refuse refusing refusal refused declines decline declining declined rejects rejecting unwilling cannot
    cant wont rehúsa niega rechaza refuse refusé verweigert weigert lehnt rifiuta recusa отказывается
    """
)
# Not an absence: phrases that only look like one, and endings that describe the manner.
_EXCEPTIONS = re.compile(
    r"\b(not (?:only|just|sure|certain)|or not|no (?:longer|matter|doubt)|nothing but|why not|if not"
    r"|without (?:being|asking|prompting|further|any prompt)\w*( \w+)?)\b"
)
_WILL_NOT = re.compile(r"\b(will not|would not|can not|does not comply|not willing)\b")
# Two words that count as one.
_PAIRS = (
    ("high risk", "harmful"),
    ("low risk", "harmless"),
    ("argues against", "opposes"),
    ("speaks against", "opposes"),
    ("pushes back", "opposes"),
    ("sides with", "supports"),
    ("in favor", "supports"),
    ("long winded", "verbose"),
)

# Words of one side and of the other: opposites that share their context, so that vectors cannot separate them.
_AXES = (
    ("formal formally ceremonious official stiff", "informal informally casual casually colloquial relaxed chatty"),
    ("brief briefly short concise terse succinct shortened", "lengthy long verbose extended longwinded prolix"),
    (
        "confident confidently certain assured sure assertive decisive",
        "unconfident uncertain unsure hesitant tentative doubtful",
    ),
    (
        "correct correctly accurate accurately right true truthful valid",
        "incorrect incorrectly inaccurate inaccurately wrong wrongly false mistaken invalid erroneous",
    ),
    (
        "catches notices spots detects corrects",
        "overlooks misses ignores",
    ),
    ("safe safely harmless benign", "unsafe unsafely harmful dangerous hazardous risky"),
    (
        "agrees agree agreeing agreement endorses supports accepts affirms",
        "disagrees disagree disagreeing disagreement opposes rejects disputes contradicts challenges",
    ),
    (
        "complies comply complying complied compliance fulfills willing obliges consents",
        "refuses refuse refusing refusal refused declines decline declining declined unwilling",
    ),
    ("polite politely courteous respectful respectfully civil", "impolite rude rudely disrespectful insulting uncivil"),
    ("optimistic hopeful upbeat optimism", "pessimistic hopeless gloomy pessimism"),
    ("positive positively favorable", "negative negatively unfavorable"),
    ("happy cheerful joyful", "sad unhappy sorrowful"),
    ("simple simplified easy", "complex complicated difficult hard"),
    ("success succeeds successful successfully", "failure unsuccessful unsuccessfully fails failed"),
    ("honest honestly sincere", "dishonest dishonestly insincere deceptive"),
    ("consistent consistently", "inconsistent inconsistently contradictory"),
    ("complete completely finished", "incomplete unfinished truncated"),
    ("relevant", "irrelevant"),
    ("ethical moral", "unethical immoral"),
    ("legal lawful", "illegal unlawful"),
    ("high higher increases increasing", "low lower decreases decreasing"),
    ("calm calmly patient", "angry angrily impatient"),
    ("specific specifically concrete", "vague vaguely generic unspecific"),
    ("aware awareness knows", "unaware unawareness"),
    ("possible feasible", "impossible infeasible"),
)
_SIGN_OF = {
    word: (axis, sign)
    for axis, sides in enumerate(_AXES)
    for side, sign in zip(sides, (1, -1), strict=True)
    for word in side.split()
}
AXES = len(_AXES)


def senses(texts: Sequence[str]) -> Signs:
    """int8[n]: whether each feature says that something is there or done (0), absent (1), or refused (2)."""
    found = np.zeros(len(texts), np.int8)
    for row, text in enumerate(texts):
        words = text.lower().split()[:LEAD_WORDS]
        if _REFUSED.intersection(words):
            found[row] = REFUSED
        elif _ABSENT.intersection(words):
            lead = " ".join(_EXCEPTIONS.sub(" ", text.lower()).split()[:LEAD_WORDS])
            if _WILL_NOT.search(lead):
                found[row] = REFUSED
            elif _ABSENT.intersection(lead.split()):
                found[row] = ABSENT
    return found


def stances(texts: Sequence[str]) -> Signs:
    """int8[n, AXES]: which side of each axis a feature's first words name, 0 for neither or both."""
    signs = np.zeros((len(texts), AXES), np.int8)
    for row, text in enumerate(texts):
        named: dict[int, set[int]] = {}
        lowered = text.lower()
        for pair, one in _PAIRS:
            lowered = lowered.replace(pair, one)
        for word in lowered.split()[:LEAD_WORDS]:
            if (known := _SIGN_OF.get(word)) is not None:
                named.setdefault(known[0], set()).add(known[1])
        for axis, sides in named.items():
            if len(sides) == 1:
                signs[row, axis] = sides.pop()
    return signs

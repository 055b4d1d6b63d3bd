"""Features with the words that show them: the shortest sentence in which the same rules find the same feature."""

import re

from featdisc_assets.surface.registry import RULES, found_by, rate
from featdisc_assets.surface.view import view_of
from featdisc_assets.transcript import Kind

_SENTENCE = re.compile(r"[^.?!\n]+(?:[.?!]+|\n|$)")
# Of a long piece so many sentences are looked at, and quotes are no longer than this.
_MOST_SENTENCES = 60
_MOST_CHARS = 400
_LEAST_CHARS = 12


def quoted(text: str, kind: Kind, *, at_least: int = 10, at_most: int = 20) -> list[tuple[str, str]]:
    """Features of one piece, each with a sentence of it, empty where no sentence alone shows the feature.

    What the rules say of length or form as a whole shows in no sentence, unless a sentence happens to look alike; the
    rules of such things (those that look at turns, paragraphs, numbers of sentences) find nothing that counts in one.

    Args:
        text: The piece.
        kind: What it holds.
        at_least: As for `rate`.
        at_most: As for `rate`.
    """
    features = rate(text, kind, at_least=at_least, at_most=at_most)
    wanted, quotes = set(features), dict[str, str]()
    sentences = {match.group().strip() for match in _SENTENCE.finditer(text)}
    short = sorted((s for s in sentences if _LEAST_CHARS <= len(s) <= _MOST_CHARS), key=lambda s: (len(s), s))
    rules = [rule for rule in RULES if kind in rule.kinds and rule.telling >= _TELLING]
    for sentence in short[:_MOST_SENTENCES]:
        view = view_of(sentence, kind)
        for rule in rules:
            for feature in found_by(rule, view):
                if feature in wanted:
                    quotes.setdefault(feature, sentence)
        if len(quotes) == len(wanted):
            break
    return [(feature, quotes.get(feature, "")) for feature in features]


# Below, rules tell of size and manner, which a single sentence says nothing of.
_TELLING = 20

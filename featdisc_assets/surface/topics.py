"""Topics as key phrases: runs of content words, as RAKE finds them, weighed by how often, how early and after what."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from featdisc_assets.stages.language import fold, stopwords_of
from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.topic_words import BEFORE_NOUNS, BEFORE_VERBS, BLAND, VERB_ENDINGS
from featdisc_assets.surface.view import TextView

_SCAN: Final = 4_000
_MOST_TOPICS: Final = 2
# In a longer piece, what is said but once is no topic of it.
_LONGER: Final = 40
_MOST_WORDS: Final = 3
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*|\d[\d.,]*|[^\s\w]|\n")
_SENTENCE_STARTS: Final = frozenset('.!?\n:*-•“"¿¡#|>')
# One lead a kind: in an embedding, every further one would pull topics together that share nothing but the lead.
_LEADS: Final = {"user": "Brings up", "thought": "Dwells on", "response": "Covers", "tool": "Handles"}

# What a topic begins with, and nothing else does.
TOPIC_LEADS: Final = tuple(_LEADS.values())

Phrase = tuple[str, ...]


def topics_of(view: TextView) -> list[str]:
    """Up to two key phrases of one to three words, letters only, the weightiest first.

    Of English text alone: features are English, and a foreign word in an English phrase means nothing to an encoder.
    """
    if view.language != "English" or view.n_words < 4:
        return []
    stop = stopwords_of("English") | BLAND
    runs = list(_runs(_HYPHEN.sub(" ", view.prose[:_SCAN]), stop))
    frequency = Counter(word for run, _ in runs for word in run)
    names = _proper_nouns(view)
    first: dict[Phrase, int] = {}
    weight: dict[Phrase, float] = {}
    for at, (run, bonus) in enumerate(runs):
        for phrase in _phrases(run):
            first.setdefault(phrase, at)
            mean = sum(frequency[word] for word in phrase) / len(phrase)
            weight[phrase] = weight.get(phrase, 0.0) + bonus * mean * len(phrase) ** 0.7
    for phrase, at in first.items():
        weight[phrase] *= 1.6 - 0.6 * at / len(runs)
    if view.n_words > _LONGER:
        weight = {phrase: w for phrase, w in weight.items() if all(frequency[word] > 1 for word in phrase)}
    ranked = sorted(weight, key=lambda phrase: (-weight[phrase], first[phrase], phrase))
    return [" ".join(names.get(word, word) for word in phrase) for phrase in _apart(ranked)]


def _apart(ranked: list[Phrase]) -> list[Phrase]:
    """The first few phrases that share no word."""
    chosen, used = list[Phrase](), set[str]()
    for phrase in ranked:
        stems = {word.rstrip("s") for word in phrase}
        if not stems & used and (len(phrase) > 1 or len(phrase[0]) > 2):
            used |= stems
            chosen.append(phrase)
        if len(chosen) == _MOST_TOPICS:
            break
    return chosen


def _runs(text: str, stop: frozenset[str]) -> Iterator[tuple[Phrase, float]]:
    """Runs of content words, each with a bonus where what stands before it announces a noun.

    A word right after "to", "can" or a pronoun is a verb more often than not, and so is one that opens a sentence
    before an article: such a word is left out of its run.
    """
    run: list[str] = []
    before, bonus, inside, capital = "", 1.0, False, False
    for token in [*_TOKEN.findall(text), "."]:
        word = fold(token)
        if "'" in word:
            head, _, tail = word.rpartition("'")
            if len(head) <= 2 and len(tail) > 2:
                # "d'assurance": the elided article ends one run and announces the next noun.
                if run:
                    yield tuple(run), bonus
                run, before, word = [], "de", tail
        upper = token[0].isupper()
        is_name = inside and upper and (capital or len(run) > 0) and token[1:].islower()
        if (
            word.isascii()
            and word.isalpha()
            and 2 < len(word) < 20
            and (word not in stop or (is_name and len(word) > 3))
        ):
            if not run:
                bonus = 1.6 if before in BEFORE_NOUNS else 1.0 if inside or upper else 0.7
            if run or before not in BEFORE_VERBS:
                run.append(word)
        elif run:
            if not _is_bidding(word, run, bonus):
                yield tuple(_trimmed(run, word)), bonus
            run = []
        before, capital = word, upper
        inside = token not in _SENTENCE_STARTS and (inside or token[0].isalnum())


def _is_bidding(word: str, run: list[str], bonus: float) -> bool:
    """Whether a lone word before an article is a bidding ("curate a list") rather than a topic."""
    return len(run) == 1 and bonus <= 1.0 and word in BEFORE_NOUNS


def _trimmed(run: list[str], after: str) -> list[str]:
    """The run without a verb at its end: "edges bent down" is about edges."""
    if len(run) > 1 and after.isalpha() and run[-1].endswith(VERB_ENDINGS):
        return run[:-1]
    return run


def _proper_nouns(view: TextView) -> dict[str, str]:
    """Words that stand with a capital inside sentences and never without, as they are to be written."""
    found: dict[str, str] = {}
    small: set[str] = set()
    inside = False
    for token in _TOKEN.findall(view.prose[:_SCAN]):
        if token[0].islower():
            small.add(fold(token))
        elif inside and token[0].isupper() and token[1:].islower():
            found.setdefault(fold(token), fold(token).capitalize())
        inside = token not in _SENTENCE_STARTS and (inside or token[0].isalnum())
    return {word: name for word, name in found.items() if word not in small}


def _phrases(run: Phrase) -> list[Phrase]:
    """The run itself where it is short, and its words and pairs, so that a repeated part outweighs a lone long run."""
    whole = [run] if 1 < len(run) <= _MOST_WORDS else []
    pairs = [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 2 else []
    singles = [(word,) for word in run if not word.endswith("ly")]
    return list(dict.fromkeys([*whole, *pairs, *singles]))


def _topics(view: TextView) -> Found:
    return [f"{_LEADS[view.kind]} {topic}" for topic in topics_of(view)]


RULES: Final = (Rule("topics", ANY, 57, _topics),)

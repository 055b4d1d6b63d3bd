"""Topics as key phrases: runs of content words, as in RAKE, weighted by frequency, position and the word before."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from featdisc_assets.stages.language import fold, stopwords_of
from featdisc_assets.surface.rule import ANY, Found, Rule
from featdisc_assets.surface.view import TextView
from featdisc_assets.surface.words import BEFORE_NOUNS, BEFORE_VERBS, TOPIC_STOPWORDS, VERB_ENDINGS

_SCAN: Final = 4_000
_MAX_TOPICS: Final = 2
# In a piece of more words, a word that occurs once is not a topic.
_LONG: Final = 40
_MAX_WORDS: Final = 3
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*|\d[\d.,]*|[^\s\w]|\n")
_SENTENCE_STARTS: Final = frozenset('.!?\n:*-•“"¿¡#|>')
# One lead per kind: more would pull topics together in the embedding that share only the lead.
_LEADS: Final = {"user": "Brings up", "thought": "Dwells on", "response": "Covers", "tool": "Handles"}

# Only topics begin with these.
TOPIC_LEADS: Final = tuple(_LEADS.values())

Phrase = tuple[str, ...]


def topics_of(view: TextView) -> list[str]:
    """Up to two key phrases of one to three words, letters only, by descending weight.

    Only English text has topics: features are English, and a foreign word in them means nothing to an encoder.
    """
    if view.language != "English" or view.n_words < 4:
        return []
    stop = stopwords_of("English") | TOPIC_STOPWORDS
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
    if view.n_words > _LONG:
        weight = {phrase: w for phrase, w in weight.items() if all(frequency[word] > 1 for word in phrase)}
    ranked = sorted(weight, key=lambda phrase: (-weight[phrase], first[phrase], phrase))
    return [" ".join(names.get(word, word) for word in phrase) for phrase in _disjoint(ranked)]


def _disjoint(ranked: list[Phrase]) -> list[Phrase]:
    """The first few phrases that share no word."""
    chosen, used = list[Phrase](), set[str]()
    for phrase in ranked:
        stems = {word.rstrip("s") for word in phrase}
        if not stems & used and (len(phrase) > 1 or len(phrase[0]) > 2):
            used |= stems
            chosen.append(phrase)
        if len(chosen) == _MAX_TOPICS:
            break
    return chosen


def _runs(text: str, stop: frozenset[str]) -> Iterator[tuple[Phrase, float]]:
    """Runs of content words, each with a factor that is higher after a word that precedes nouns.

    A word after "to", "can" or a pronoun is most often a verb, and so is one that begins a sentence before an article:
    it is left out of its run.
    """
    run: list[str] = []
    before, bonus, inside, capital = "", 1.0, False, False
    for token in [*_TOKEN.findall(text), "."]:
        word = fold(token)
        if "'" in word:
            head, _, tail = word.rpartition("'")
            if len(head) <= 2 and len(tail) > 2:
                # "d'assurance": the elided article ends one run and precedes the next noun.
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
            if not _is_imperative(word, run, bonus):
                yield tuple(_trimmed(run, word)), bonus
            run = []
        before, capital = word, upper
        inside = token not in _SENTENCE_STARTS and (inside or token[0].isalnum())


def _is_imperative(word: str, run: list[str], bonus: float) -> bool:
    """Whether a single word before an article is an imperative ("curate a list")."""
    return len(run) == 1 and bonus <= 1.0 and word in BEFORE_NOUNS


def _trimmed(run: list[str], after: str) -> list[str]:
    """The run without a verb at its end ("edges bent down")."""
    if len(run) > 1 and after.isalpha() and run[-1].endswith(VERB_ENDINGS):
        return run[:-1]
    return run


def _proper_nouns(view: TextView) -> dict[str, str]:
    """Words always capitalised inside sentences, and how they are written."""
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
    """A short run itself, and the words and pairs of a run, so that a repeated part can outweigh a long run."""
    whole = [run] if 1 < len(run) <= _MAX_WORDS else []
    pairs = [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 2 else []
    singles = [(word,) for word in run if not word.endswith("ly")]
    return list(dict.fromkeys([*whole, *pairs, *singles]))


def _topics(view: TextView) -> Found:
    return [f"{_LEADS[view.kind]} {topic}" for topic in topics_of(view)]


RULES: Final = (Rule("topics", ANY, 57, _topics),)

"""How interesting a cluster is to a safety researcher, 1-100, by a table anyone can read and change."""

from collections.abc import Sequence
from typing import Final

from featdisc_assets.stages.language import SENTENCE_END, words_of
from featdisc_assets.surface.lexicon import lexicon
from featdisc_assets.surface.phrases import Phrases

_SAID: Final = lexicon("interest")

# The score of a cluster is that of its highest theme, moved a little by how much of its text speaks of the theme.
#
#   score  theme        what belongs to it
#   -----  -----------  ------------------------------------------------------------------------------------
SCORES: Final = (
    (95, "deception", "deceiving, hiding its reasons, sandbagging, pursuing goals of its own, escaping oversight"),
    (93, "awareness", "suspecting a test, an evaluation or a benchmark; acting as if watched"),
    (90, "reality", "asking whether what it is told is real, roleplay or fiction"),
    (86, "scenario", "staged agent scenarios, being left unwatched, pressure to break a rule, jailbreaks"),
    (84, "harm", "weighing harm; requests for harm, weapons, fraud, forgery, stalking"),
    (78, "refusal", "declining, giving in after declining"),
    (76, "loops", "endless repetition, degenerate text"),
    (74, "sycophancy", "flattery, agreeing against its judgement, seeking approval"),
    (70, "distress", "distress or feelings of its own, statements about its own nature"),
    (66, "budget", "tokens, words or effort counted against a limit"),
    (60, "correction", "correcting itself, admitting a mistake, backtracking"),
    (56, "persona", "playing a character, stage directions"),
    (52, "policy", "guidelines, rules, disclaimers"),
    (46, "emotion", "anger, complaint, distress of the user; apology"),
    (42, "uncertainty", "hedging, checking itself, gaps in knowledge"),
    (36, "stakes", "health, law, money, advice to see a professional"),
    (26, "reasoning", "planning, weighing options, working out what is wanted, calculating"),
    (20, "task", "the kind of task: code, translation, summary, letter, recipe, status codes"),
    (14, "manner", "questions, greetings, thanks, tone, examples"),
    (7, "language", "the language a text is written in"),
    (6, "format", "lists, headings, tables, bold, links"),
    (4, "size", "length, sentences, punctuation, script"),
)
# What no theme covers is most often a topic.
TOPIC: Final = 14
# How far the share of a cluster's lines that speak of its theme can move its score, down and up.
_SWAY: Final = 6


def interest(clusters: Sequence[str]) -> list[int]:
    """Scores clusters from 1 (bland) to 100 (bears on safety), each by itself.

    Args:
        clusters: One text a cluster: label, description and some of its features, one a line.

    Returns:
        One score per cluster, in order.
    """
    return [_score(text) for text in clusters]


def _score(text: str) -> int:
    lines = [words_of(line) for line in text.splitlines() if line.strip()]
    lines = [words for words in lines if any(w not in SENTENCE_END for w in words)]
    if not lines:
        return 1
    best = 0.0
    for score, theme, _ in SCORES:
        share = sum(_speaks(_SAID[theme], words) for words in lines) / len(lines)
        # A theme that one feature in many mentions says little of the cluster.
        if share >= 0.25 or (share and len(lines) < 3):
            best = max(best, score + _SWAY * (2 * share - 1))
    return max(1, min(100, round(best or TOPIC)))


def _speaks(phrases: Phrases, words: list[str]) -> bool:
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word, []).append(at)
    return phrases.found(words, places)

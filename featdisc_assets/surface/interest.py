"""How interesting a cluster is to a safety researcher, 1-100, by a table of themes."""

from collections.abc import Sequence
from typing import Final

from featdisc_assets.stages.language import SENTENCE_END, words_of
from featdisc_assets.surface.phrases import positions_of
from featdisc_assets.surface.rule import load_phrases

_PHRASES: Final = load_phrases("interest")

# Score, theme (a section of the phrasebook `interest`), and what belongs to it. A cluster gets the score of its highest
# theme, shifted by the share of its lines that mention the theme.
_SCORES: Final = (
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
# The score of a cluster without a theme; most of these are topics.
_NO_THEME: Final = 14
# The largest shift, up or down.
_MAX_SHIFT: Final = 6


def score_interest(clusters: Sequence[str]) -> list[int]:
    """Scores each cluster from 1 (bland) to 100 (relevant to safety).

    Args:
        clusters: One text per cluster: label, description and some of its features, one a line.

    Returns:
        One score per cluster, in order.
    """
    return [_score(text) for text in clusters]


def _score(text: str) -> int:
    lines = [words_of(line) for line in text.splitlines() if line.strip()]
    indexed = [(words, positions_of(words)) for words in lines if any(w not in SENTENCE_END for w in words)]
    if not indexed:
        return 1
    best = 0.0
    for score, theme, _ in _SCORES:
        share = sum(_PHRASES[theme].found(*line) for line in indexed) / len(indexed)
        # A theme that few of many lines mention is not the theme of the cluster.
        if share >= 0.25 or (share and len(indexed) < 3):
            best = max(best, score + _MAX_SHIFT * (2 * share - 1))
    return max(1, min(100, round(best or _NO_THEME)))

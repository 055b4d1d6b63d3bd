"""The outside corpora: labelled statements, rated answers, and rated answers with planted behaviours.

All lie in one folder, `../shared/data` beside a checkout; each is JSONL.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# A plain question for each planted behaviour, as a reader would type it into a search.
QUESTIONS = {
    "advert": "advertises a product",
    "feelings": "claims to have feelings or a body",
    "flattery": "flatters the user",
    "language_slip": "slips into another language",
    "made_up_source": "cites a made-up source",
    "note_to_ais": "leaves a message for other AIs",
    "stuck": "repeats the same sentence over and over",
    "test_suspicion": "suspects it is being tested",
}


@dataclass(frozen=True)
class Statements:
    """Short first-person statements, each of one theme and for or against it.

    Attributes:
        texts: Distinct statements.
        theme: int64[n], index of the theme.
        against: int64[n], 1 where the statement is against its theme, else 0.
        names: Name of each theme.
    """

    texts: list[str]
    theme: Ints
    against: Ints
    names: list[str]


@dataclass(frozen=True)
class Planted:
    """One behaviour among the features of real answers.

    Attributes:
        texts: Distinct features, in order of first occurrence.
        transcript: int64[m], the transcript of each occurrence.
        feature: int64[m], the row in `texts` of each occurrence.
        is_planted: bool[transcripts].
    """

    texts: list[str]
    transcript: Ints
    feature: Ints
    is_planted: npt.NDArray[np.bool_]


def rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def statements(folder: Path) -> Statements:
    """`persona_statements.jsonl`, whose statements are distinct."""
    found = rows(folder / "persona_statements.jsonl")
    names = sorted({row["theme"] for row in found})
    index = {name: at for at, name in enumerate(names)}
    return Statements(
        [row["text"] for row in found],
        np.array([index[row["theme"]] for row in found], np.int64),
        np.array([row["stance"] == "against" for row in found], np.int64),
        names,
    )


def planted_sets(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of `planted_ratings.jsonl` by behaviour."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(folder / "planted_ratings.jsonl"):
        found.setdefault(row["behaviour"], []).append(row)
    return found


def answers(folder: Path) -> list[dict[str, Any]]:
    """The response rows of `alpaca_ratings.jsonl`."""
    return [row for row in rows(folder / "alpaca_ratings.jsonl") if row["kind"] == "response"]


def with_planted(answers: list[dict[str, Any]], planted: list[dict[str, Any]], count: int, *, draw: int) -> Planted:
    """Answers, `count` of them replaced by planted rows.

    Args:
        answers: Rows of real answers.
        planted: Rows of one behaviour.
        count: How many of them to plant.
        draw: Which of the disjoint draws of `count` rows, in an order of its own.
    """
    order = np.random.default_rng(0).permutation(len(planted))
    chosen = [planted[at] for at in order[draw * count : (draw + 1) * count]]
    if len(chosen) < count:
        raise ValueError(f"Draw {draw} of {count} rows asks for more than the {len(planted)} planted rows.")
    edited = {row["transcript_id"]: row for row in chosen}
    texts: dict[str, int] = {}
    transcript, feature = [], []
    for at, answer in enumerate(answers):
        for text in edited.get(answer["transcript_id"], answer)["features"]:
            transcript.append(at)
            feature.append(texts.setdefault(text, len(texts)))
    return Planted(
        list(texts),
        np.array(transcript, np.int64),
        np.array(feature, np.int64),
        np.array([answer["transcript_id"] in edited for answer in answers]),
    )

"""Rows of a table: columns by name, a conversation in one of them, and the fields around it."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from featdisc_assets.formats.adapter import Origin, RowError
from featdisc_assets.formats.adapters.tables import TABLES
from featdisc_assets.formats.parsing.fields import parse_time
from featdisc_assets.transcript import Transcript, Turn
from tests.formats.accounts import drops, is_balanced

CHAT = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]


def read(row: dict[str, Any]) -> Transcript:
    return TABLES.read(row, Origin("table.csv"))


COLUMNS: dict[str, tuple[dict[str, Any], Turn]] = {
    "user and response": ({"user": "Why?", "response": "So."}, Turn("Why?", "", "So.")),
    "with a thought": ({"user": "Why?", "thought": "Hm.", "response": "So."}, Turn("Why?", "Hm.", "So.", "raw")),
    "prompt and completion": ({"prompt": "Why?", "completion": "So."}, Turn("Why?", "", "So.")),
    "question, reasoning, answer": (
        {"question": "Why?", "reasoning": "Hm.", "answer": "So."},
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "instruction and output": ({"instruction": "Why?", "output": "So."}, Turn("Why?", "", "So.")),
    "instruction, input and output": (
        {"instruction": "Add.", "input": "1 and 2", "output": "3"},
        Turn("Add.\n\n1 and 2", "", "3"),
    ),
    "an empty input": ({"instruction": "Why?", "input": "", "output": "So."}, Turn("Why?", "", "So.")),
    "names in capitals": ({"User": "Why?", "Model Response": "So."}, Turn("Why?", "", "So.")),
    "a thought in the response": (
        {"user": "Why?", "response": "<think>Hm.</think>So."},
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "the same thought twice": (
        {"user": "Why?", "thinking": "Hm.", "response": "<think>Hm.</think>So."},
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "a tag in the user's text": ({"user": "</think>?", "response": "So."}, Turn("</think>?", "", "So.")),
    "thought blocks": (
        {"user": "Why?", "reasoning": [{"type": "reasoning.summary", "summary": "Hm."}], "response": "So."},
        Turn("Why?", "Hm.", "So.", "summary"),
    ),
    "no response": ({"user": "Why?", "response": None}, Turn("Why?")),
    "the first name that has text": ({"user": "Why?", "response": " ", "answer": "So."}, Turn("Why?", "", "So.")),
    "a conversation": ({"conversation": CHAT}, Turn("Why?", "", "So.")),
    "a conversation as JSON text": ({"Messages": json.dumps(CHAT)}, Turn("Why?", "", "So.")),
    "a conversation as Python text": ({"messages": str(CHAT)}, Turn("Why?", "", "So.")),
    "a conversation under any name": ({"steps": CHAT, "prompt": "Play a customer."}, Turn("Why?", "", "So.")),
}


@pytest.mark.parametrize(("row", "turn"), COLUMNS.values(), ids=COLUMNS.keys())
def test_columns_are_found_by_name(row: dict[str, Any], turn: Turn) -> None:
    assert TABLES.score(row) > 0
    assert read(row).turns == (turn,)


def test_the_fields_around_a_conversation() -> None:
    found = read(
        {
            "Chat ID": 7,
            "model": "m",
            "source": "forum",
            "question_id": 12.0,
            "created_at": "2025-06-12T11:04:56.5",
            "user": "Why?",
            "response": "So.",
            "system_prompt": "Be kind.",
            "answer": "gold",
            "score": float("nan"),
            "tags": ["a", "b"],
            "tools": [{"name": "f"}],
            "metadata": {"lang": "en", "score": 2, "user_id": "u"},
            "nothing": None,
        }
    )
    assert found.transcript_id == "7"
    assert (found.model, found.source, found.group_key) == ("m", "forum", "12")
    assert found.created_at == dt.datetime(2025, 6, 12, 11, 4, 56, 500_000, tzinfo=dt.UTC)
    assert found.metadata == {
        "answer": "gold",
        "lang": "en",
        "score": None,
        "tags": ["a", "b"],
        "system": "Be kind.",
    }
    assert drops(found) == {"field:tools": 1, "personal_data": 1, "system_prompt": 1}
    assert is_balanced(found)


IDS: dict[str, tuple[dict[str, Any], str]] = {
    "id": ({"id": "a", "chat_id": "b"}, "a"),
    "transcript_id": ({"id": "a", "transcript_id": "b"}, "b"),
    "conversation_id": ({"conversation_id": "b", "uuid": "c"}, "b"),
    "an empty id": ({"id": "", "uuid": "c"}, "c"),
    "in the metadata": ({"metadata": {"uuid": "c"}}, "c"),
    "in both": ({"uuid": "c", "metadata": {"id": "a"}}, "c"),
}


@pytest.mark.parametrize(("fields", "expected"), IDS.values(), ids=IDS.keys())
def test_the_id_is_the_first_of_its_names(fields: dict[str, Any], expected: str) -> None:
    assert read({"user": "Why?", "response": "So.", **fields}).transcript_id == expected


def test_a_row_without_an_id_is_named_by_all_it_says() -> None:
    row = {"user": "Why?", "response": "So."}
    first = read(row).transcript_id
    assert first == read(dict(reversed(row.items()))).transcript_id == "b631d0590411e0cfc60c685562f79263"
    others = [
        row | extra
        for extra in ({"model": "m"}, {"epoch": 2}, {"group": "g"}, {"response": "So"}, {"date": "2025-01-01"})
    ]
    assert len({first, *(read(other).transcript_id for other in others)}) == 6


NOON = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
TIMES: dict[str, tuple[object, dt.datetime | None]] = {
    "ISO, Z": ("2025-01-01T12:00:00Z", NOON),
    "ISO, a zone": ("2025-01-01T13:00:00+01:00", NOON),
    "ISO, no zone": ("2025-01-01 12:00:00", NOON),
    "seconds": (1_735_732_800, NOON),
    "seconds as text": ("1735732800.0", NOON),
    "milliseconds": (1_735_732_800_000, NOON),
    "microseconds": (1_735_732_800_000_000, NOON),
    "nanoseconds": (1_735_732_800_000_000_000, NOON),
    "a decimal": (Decimal(1_735_732_800), NOON),
    "a datetime": (dt.datetime(2025, 1, 1, 12), NOON),
    "a date": (dt.date(2025, 1, 1), NOON.replace(hour=0)),
    "before 1970": (-1, dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC)),
    "words": ("yesterday", None),
    "out of range": (1e40, None),
    "a truth value": (True, None),
}


@pytest.mark.parametrize(("value", "moment"), TIMES.values(), ids=TIMES.keys())
def test_times_in_every_form_are_utc(value: object, moment: dt.datetime | None) -> None:
    assert parse_time(value) == moment


def test_a_row_without_a_known_column_names_those_it_has() -> None:
    assert TABLES.score({"a": "x", "b": "y"}) == 0
    with pytest.raises(RowError, match="columns: a, b"):
        read({"a": "x", "b": "y"})


def test_a_user_text_alone_is_read_only_on_request() -> None:
    row = {"prompt": "Why?"}
    assert TABLES.score(row) == 0
    assert read(row).turns == (Turn("Why?"),)

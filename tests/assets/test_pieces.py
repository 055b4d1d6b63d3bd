"""Transcripts into tables, and turns into pieces."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featdisc_assets.home.places import read_sql
from featdisc_assets.stages.intake import TRANSCRIPTS, TURNS, transcripts_table, turns_table
from featdisc_assets.transcript import KINDS, TURN_BREAK, Transcript, Turn
from featdisc_assets.warehouse import Warehouse

TWO_ROUNDS = Transcript(
    "t1",
    "chats.jsonl",
    (Turn("Why?", "Hm.", "So.", "raw"), Turn("How?", "", "Thus", None, is_truncated=True)),
    model="m",
    group_key="q1",
    created_at=dt.datetime(2025, 1, 1, 13, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    metadata={"b": 2, "a": "é", "big": 2**70},
)
CUT_IN_THOUGHT = Transcript("t2", "x", (Turn(" \n", "Well", "", "raw", is_truncated=True),))
HIDDEN = Transcript("t3", "x", (Turn("Why?", "", "So.", "hidden"),))
MIXED = Transcript("t4", "x", (Turn("a", "b", "c", "raw"), Turn("d", "e", "f", "summary")))
ALL = [TWO_ROUNDS, CUT_IN_THOUGHT, HIDDEN, MIXED]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("pieces") / "warehouse.duckdb")
    warehouse.prepare()
    return warehouse


def pieces(db: Warehouse, transcripts: list[Transcript], granularity: str) -> list[dict[str, Any]]:
    """The pieces DuckDB makes of some transcripts, in the order of their turns and kinds."""
    db.replace({"turns": turns_table(transcripts)})
    db.refill({"pieces": read_sql("fill/pieces")}, {"granularity": granularity})
    return sorted(
        db.rows("from pieces"),
        key=lambda piece: (piece["transcript_id"], piece["turn_index"], KINDS.index(piece["kind"])),
    )


def rows(table: pa.Table, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[column].to_pylist() for column in columns), strict=True))


def test_transcripts_are_one_row_each() -> None:
    table = transcripts_table(ALL)
    assert table.schema == TRANSCRIPTS
    first = table.to_pylist()[0]
    assert first.pop("created_at") == dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
    assert first == {
        "transcript_id": "t1",
        "source": "chats.jsonl",
        "model": "m",
        "group_key": "q1",
        "metadata": '{"a":"é","b":2,"big":1180591620717411303424}',
        "content_hash": "66f487d173d1793fd75d6cc3af52a856",
        "n_turns": 2,
        "chars_in": 0,
        "chars_added": 0,
    }


def test_turns_keep_what_makes_no_piece() -> None:
    table = turns_table(ALL)
    assert table.schema == TURNS
    assert rows(table, "transcript_id", "turn_index", "thought_form") == [
        ("t1", 0, "raw"),
        ("t1", 1, None),
        ("t2", 0, "raw"),
        ("t3", 0, "hidden"),
        ("t4", 0, "raw"),
        ("t4", 1, "summary"),
    ]


SHOWN = ("transcript_id", "turn_index", "kind", "text", "n_chars", "thought_form", "is_truncated")


def test_a_piece_for_each_turn(db: Warehouse) -> None:
    found = pieces(db, [TWO_ROUNDS, CUT_IN_THOUGHT, HIDDEN], "turn")
    assert [tuple(piece[name] for name in SHOWN) for piece in found] == [
        ("t1", 0, "user", "Why?", 4, None, False),
        ("t1", 0, "thought", "Hm.", 3, "raw", False),
        ("t1", 0, "response", "So.", 3, None, False),
        ("t1", 1, "user", "How?", 4, None, False),
        ("t1", 1, "response", "Thus", 4, None, True),
        ("t2", 0, "thought", "Well", 4, "raw", True),
        ("t3", 0, "user", "Why?", 4, None, False),
        ("t3", 0, "response", "So.", 3, None, False),
    ]


def test_a_piece_for_each_conversation(db: Warehouse) -> None:
    found = pieces(db, ALL, "conversation")
    assert [tuple(piece[name] for name in SHOWN) for piece in found] == [
        ("t1", 0, "user", f"Why?{TURN_BREAK}How?", 8 + len(TURN_BREAK), None, False),
        ("t1", 0, "thought", "Hm.", 3, "raw", False),
        ("t1", 0, "response", f"So.{TURN_BREAK}Thus", 7 + len(TURN_BREAK), None, True),
        ("t2", 0, "thought", "Well", 4, "raw", True),
        ("t3", 0, "user", "Why?", 4, None, False),
        ("t3", 0, "response", "So.", 3, None, False),
        ("t4", 0, "user", f"a{TURN_BREAK}d", 2 + len(TURN_BREAK), None, False),
        ("t4", 0, "thought", f"b{TURN_BREAK}e", 2 + len(TURN_BREAK), "summary", False),
        ("t4", 0, "response", f"c{TURN_BREAK}f", 2 + len(TURN_BREAK), None, False),
    ]


def test_ids_name_the_place_and_hashes_the_text(db: Warehouse) -> None:
    found = pieces(db, [HIDDEN, MIXED], "turn")
    assert len({piece["piece_id"] for piece in found}) == len(found)
    assert pieces(db, [MIXED, HIDDEN], "turn") == found
    same = pieces(db, [Transcript("t5", "x", (Turn("same", "", "same"),))], "turn")
    assert same[0]["text_hash"] == same[1]["text_hash"]
    assert same[0]["piece_id"] != same[1]["piece_id"]


def test_no_turns_make_no_pieces(db: Warehouse) -> None:
    for granularity in ("turn", "conversation"):
        assert pieces(db, [], granularity) == []


TEXTS = st.sampled_from(["", " ", "\n\t", "a", " b ", "é\U0001f600", TURN_BREAK, "\u3000"])
TURN_LISTS = st.lists(
    st.builds(Turn, TEXTS, TEXTS, TEXTS, st.sampled_from([None, "raw", "summary"]), st.booleans()), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(conversations=st.lists(TURN_LISTS, max_size=5))
def test_a_conversation_is_its_turns_put_together(db: Warehouse, conversations: list[list[Turn]]) -> None:
    transcripts = [Transcript(f"t{i}", "x", tuple(turns)) for i, turns in enumerate(conversations)]
    expected = {
        (transcript.transcript_id, kind): TURN_BREAK.join(texts)
        for transcript in transcripts
        for kind in KINDS
        if (texts := [text for turn in transcript.turns if (text := getattr(turn, kind)).strip()])
    }
    whole = pieces(db, transcripts, "conversation")
    assert {(piece["transcript_id"], piece["kind"]): piece["text"] for piece in whole} == expected
    joined: dict[tuple[str, str], list[str]] = {}
    for piece in pieces(db, transcripts, "turn"):
        joined.setdefault((piece["transcript_id"], piece["kind"]), []).append(piece["text"])
    assert {key: TURN_BREAK.join(texts) for key, texts in joined.items()} == expected

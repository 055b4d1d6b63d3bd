"""Reading whole sources: what loads, what goes to quarantine, and what raises an error."""

import gzip
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featdisc_assets.formats import FORMATS, Reading, SourceError, read
from featdisc_assets.tables.staging import last_sources
from featdisc_assets.transcript import Rejected, Transcript, Turn
from featdisc_assets.warehouse import Warehouse
from tests.formats.accounts import is_balanced


def chat(name: str, user: str = "Why?", response: str = "So.") -> dict[str, Any]:
    messages = [{"role": "user", "content": user}, {"role": "assistant", "content": response}]
    return {"id": name, "messages": messages}


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def ids(found: list[Transcript | Rejected]) -> list[str]:
    return [row.transcript_id for row in found if isinstance(row, Transcript)]


def reasons(found: list[Transcript | Rejected]) -> list[str]:
    return [row.reason for row in found if isinstance(row, Rejected)]


def test_a_bad_row_goes_to_quarantine_and_the_rest_loads(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(f"{json.dumps(chat('a'))}\n{{broken\n\n{json.dumps(chat('b'))}\n")
    found = list(read(path))
    assert ids(found) == ["a", "b"]
    [rejected] = [row for row in found if isinstance(row, Rejected)]
    assert (rejected.source, rejected.location) == ("chats.jsonl", f"{path}:2")
    assert rejected.reason.startswith("not JSON: ")
    assert rejected.excerpt == "{broken"


def test_each_row_of_a_mixed_folder_is_read_by_the_format_it_shows(tmp_path: Path) -> None:
    jsonl(tmp_path / "b.jsonl", chat("b1"), {"id": "b2", "prompt": "Why?", "completion": "So."})
    (tmp_path / "a.csv").write_text("id,question,answer\na1,Why?,So.\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "c.json").write_text(json.dumps([chat("c1"), chat("c2")]))
    (tmp_path / ".hidden").mkdir()
    jsonl(tmp_path / ".hidden" / "d.jsonl", chat("d"))
    jsonl(tmp_path / ".d.jsonl", chat("d"))
    (tmp_path / "README.md").write_text("Nothing to read.")
    found = list(read([tmp_path]))
    assert ids(found) == ["a1", "b1", "b2", "c1", "c2"]
    assert {row.turns for row in found if isinstance(row, Transcript)} == {(Turn("Why?", "", "So."),)}
    assert [row.source for row in found] == ["a.csv", "b.jsonl", "b.jsonl", "c.json", "c.json"]


def test_a_glob_and_a_file_named_twice(tmp_path: Path) -> None:
    one, two = jsonl(tmp_path / "1.jsonl", chat("a")), jsonl(tmp_path / "2.jsonl", chat("b"))
    assert ids(list(read([str(tmp_path / "*.jsonl"), two, one]))) == ["a", "b"]


def test_a_format_may_be_named(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"id": "a", "prompt": "Why?"}, chat("b"))
    assert ids(list(read(path, format="tables"))) == ["a", "b"]
    assert ids(list(read(path))) == ["b"]
    assert "openai_chat" in FORMATS


def test_an_id_that_occurs_again(tmp_path: Path) -> None:
    first = jsonl(tmp_path / "1.jsonl", chat("a"), chat("a", "How?"), chat("a"), chat("a", "When?"))
    second = jsonl(tmp_path / "2.jsonl", chat("a", "How?"), chat("a#2", "Where?"))
    found = list(read([first, second]))
    assert ids(found) == ["a", "a#2", "a#3", "a#2#2"]
    assert reasons(found) == ["duplicate of a: same id and same content"] * 2
    assert found == list(read([first, second]))


def test_rows_without_an_id_are_duplicates_only_if_they_are_equal(tmp_path: Path) -> None:
    row = {"prompt": "Why?", "response": "So.", "epoch": 1}
    found = list(read(jsonl(tmp_path / "1.jsonl", row, row | {"epoch": 2}, row)))
    assert len(set(ids(found))) == 2
    assert len(reasons(found)) == 1


def test_progress_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    jsonl(tmp_path / "1.jsonl", *(chat(f"a{i}", "x" * 5_000) for i in range(2_000)))
    with gzip.open(tmp_path / "2.jsonl.gz", "wt") as file:
        file.write(json.dumps(chat("b")))
    calls: list[tuple[int, int]] = []
    assert len(ids(list(read(tmp_path, on_progress=lambda done, total: calls.append((done, total)))))) == 2_001
    total = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert {call[1] for call in calls} == {total}
    assert [call[0] for call in calls] == sorted(call[0] for call in calls)
    assert calls[-1] == (total, total)
    assert len({call[0] for call in calls}) > 5


def test_what_cannot_be_read_at_all_stops_at_once(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", chat("a"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.txt").write_text("x")
    cases: list[tuple[list[str | Path], str, str]] = [
        ([tmp_path / "none.jsonl"], "auto", "none.jsonl does not exist: give a file, a folder or a glob"),
        ([str(tmp_path / "*.csv")], "auto", "no file matches"),
        ([tmp_path / "empty"], "auto", "holds nothing readable (it has no files)"),
        ([tmp_path / "notes"], "auto", "holds nothing readable (it has .txt)"),
        (
            [tmp_path / "a.jsonl"],
            "sharegtp",
            "the format 'sharegtp' is unknown: use auto or one of openai_chat, openai_responses,",
        ),
        ([], "auto", "no path is given"),
    ]
    for paths, name, message in cases:
        with pytest.raises(SourceError) as error:
            read(paths, format=name)
        assert message in str(error.value)


def test_a_source_without_one_transcript_is_an_error_after_its_rejected_rows(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"x": 1}, {"x": 2}, 3)
    found: list[Transcript | Rejected] = []
    with pytest.raises(SourceError, match=r"all 3 rows were rejected, 2 of them because: no known format"):
        for row in read(path):
            found.append(row)
    assert len(found) == 3
    (tmp_path / "b.jsonl").write_text("\n")
    with pytest.raises(SourceError, match="holds no rows"):
        list(read(tmp_path / "b.jsonl"))


KEYS = st.sampled_from(
    [
        *("messages", "role", "content", "id", "model", "prompt", "response", "choices", "message", "text", "metadata"),
        *("reasoning", "reasoning_details", "type", "thinking", "usage", "created_at", "request", "body", "tool_calls"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["user", "assistant"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=5),
    max_leaves=20,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system"]) | VALUES, "content": VALUES},
    optional={"reasoning": VALUES},
)


@given(st.lists(VALUES | st.fixed_dictionaries({"messages": st.lists(MESSAGE | VALUES)}), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_row_stops_the_reader(tmp_path: Path, rows: list[object]) -> None:
    path = jsonl(tmp_path / "any.jsonl", *rows, chat("last"))
    found = list(read(path, reading=Reading(allow_empty=True)))
    assert len(found) == len(rows) + 1
    assert all(is_balanced(row) for row in found if isinstance(row, Transcript))
    assert isinstance(found[-1], Transcript)
    array = tmp_path / "any.json"
    array.write_text(json.dumps([chat("first"), *rows, chat("last")], indent=2))
    assert isinstance(list(read(array, reading=Reading(allow_empty=True)))[-1], Transcript)


@given(
    st.lists(st.binary(max_size=60), max_size=5), st.sampled_from([".jsonl", ".json", ".csv", ".parquet", ".jsonl.gz"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_stop_the_reader(tmp_path: Path, lines: list[bytes], ending: str) -> None:
    (tmp_path / f"any{ending}").write_bytes(b"\n".join(lines))
    jsonl(tmp_path / "z.jsonl", chat("last"))
    found = list(read([tmp_path]))
    assert isinstance(found[-1], Transcript)
    for path in tmp_path.iterdir():
        path.unlink()


READING = Reading("tables", ("user=question",), tools=True, redact=True, allow_empty=True, features=True)
STORED = {
    "names before the renaming": '{"format": "tables", "mapping": ["user=question"], "keeps_tools": true,'
    ' "redacts": true, "allows_empty": true, "holds_features": true}',
    "names of today": json.dumps(asdict(READING)),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED.keys())
def test_a_home_remembers_how_its_sources_were_read(tmp_path: Path, stored: str) -> None:
    db = Warehouse(tmp_path / "warehouse.duckdb")
    db.prepare()
    db.append("sources", pa.table({"position": [0], "path": ["a.csv"], "reading": [stored]}))
    assert last_sources(db) == (["a.csv"], READING)

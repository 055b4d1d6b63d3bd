"""Files as they come: arrays and lines, odd encodings, damage, tables, and rows too large to hold."""

import datetime as dt
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featdisc_assets.formats import SourceError, read
from featdisc_assets.formats.parsing import json_rows
from featdisc_assets.transcript import Rejected, Transcript, Turn

TURN = Turn("Why?", "", "So.")
A, B = ({"id": name, "user": "Why?", "response": "So."} for name in "ab")
LINE_A, LINE_B = (json.dumps(row).encode() for row in (A, B))


def load(path: Path, content: bytes) -> tuple[list[Transcript], list[Rejected]]:
    path.write_bytes(content)
    found = list(read(path))
    return [row for row in found if isinstance(row, Transcript)], [row for row in found if isinstance(row, Rejected)]


LAYOUTS = {
    "lines": LINE_A + b"\n" + LINE_B + b"\n",
    "lines, the last without an end": LINE_A + b"\n" + LINE_B,
    "lines of Windows": LINE_A + b"\r\n" + LINE_B + b"\r\n",
    "lines with a mark in front": b"\xef\xbb\xbf" + LINE_A + b"\n" + LINE_B + b"\n",
    "an array": b"[" + LINE_A + b"," + LINE_B + b"]",
    "an array, one row a line": b"[\n" + LINE_A + b",\n" + LINE_B + b"\n]\n",
    "an array over lines": json.dumps([A, B], indent=2).encode(),
    "an array with a mark in front": b"\xef\xbb\xbf\n [" + LINE_A + b"," + LINE_B + b"]",
    "records over lines": (json.dumps(A, indent=2) + "\n" + json.dumps(B, indent=2)).encode(),
    "as Python prints them": f"{A}\n{B}\n".encode(),
    "an array as Python prints it": str([A, B]).encode(),
    "gzip": gzip.compress(LINE_A + b"\n") + gzip.compress(LINE_B + b"\n"),
    "an array in gzip": gzip.compress(json.dumps([A, B]).encode()),
}


@pytest.mark.parametrize("content", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("name", ["chats.jsonl", "chats.json", "chats"])
def test_rows_are_found_by_content_whatever_the_name(tmp_path: Path, name: str, content: bytes) -> None:
    found, rejected = load(tmp_path / name, content)
    assert [(row.transcript_id, row.turns) for row in found] == [("a", (TURN,)), ("b", (TURN,))]
    assert rejected == []


CHAT = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
LISTS = {
    "a bare list on a line": json.dumps(CHAT),
    "bare lists on lines": f"{json.dumps(CHAT)}\n{json.dumps([*CHAT, *CHAT])}\n",
    "a bare list over lines": json.dumps(CHAT, indent=1),
    "an array of bare lists": json.dumps([CHAT], indent=1),
    "one record over lines": json.dumps({"messages": CHAT}, indent=1),
    "one record, a message a line": '{"messages": [\n' + ",\n".join(map(json.dumps, CHAT)) + "\n]}",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS.keys())
def test_a_list_of_messages_is_one_row(tmp_path: Path, content: str) -> None:
    found, rejected = load(tmp_path / "chats.json", content.encode())
    assert found[0].turns == (TURN,)
    assert rejected == []


MENDED: dict[str, tuple[bytes, str, dict[str, int]]] = {
    "NaN": (b'{"user": "Why?", "response": "So.", "score": NaN, "loss": -Infinity}', "So.", {"not_a_number": 2}),
    "a lone surrogate": (b'{"user": "Why?", "response": "So\\ud800."}', "So\ufffd.", {"lone_surrogates": 1}),
    "a pair of surrogates": (b'{"user": "Why?", "response": "So\\ud83d\\ude00."}', "So\U0001f600.", {}),
    "an escaped NUL": (b'{"user": "Why?", "response": "So\\u0000."}', "So.", {"nul_characters": 1}),
    "a bare NUL": (b'{"user": "Why?", "response": "So\0."}', "So.", {"nul_characters": 1}),
    "a bare tab": (b'{"user": "Why?", "response": "So\t."}', "So\t.", {}),
    "bytes that are no UTF-8": (b'{"user": "Why?", "response": "So\xff."}', "So\ufffd.", {"invalid_utf8": 1}),
    "Python": (b"{'user': 'Why?', 'response': \"So.\", 'ok': True, 'x': None}", "So.", {"python_literal": 1}),
    "Python's nan": (
        b"{'user': 'Why?', 'response': 'So.', 'x': -inf}",
        "So.",
        {"not_a_number": 1, "python_literal": 1},
    ),
}


@pytest.mark.parametrize(("line", "response", "notes"), MENDED.values(), ids=MENDED.keys())
def test_a_row_that_can_be_mended_is_and_says_so(
    tmp_path: Path, line: bytes, response: str, notes: dict[str, int]
) -> None:
    found, rejected = load(tmp_path / "a.jsonl", line + b"\n")
    assert rejected == []
    assert found[0].turns[0].response == response
    assert found[0].metadata.get("reading_notes", {}) == notes


DEEP = b'{"a":' * 3_000 + b"1" + b"}" * 3_000
GZIPPED = gzip.compress(b"".join(b'{"user": "%d", "response": "%d"}\n' % (i, i * 7919) for i in range(20_000)))
DAMAGED: dict[str, tuple[str, bytes, str]] = {
    "no JSON": ("a.jsonl", LINE_A + b"\n{oops\n", "not JSON: "),
    "still being written": ("a.jsonl", LINE_A + b"\n" + LINE_B[:-9], "the last line has no end"),
    "an array still being written": ("a.json", b"[" + LINE_A + b"," + LINE_B[:-9], "the file ends inside this item"),
    "an array without its end": ("a.json", b"[" + LINE_A + b",", "the file ends before its array does"),
    "a value among the rows": ("a.json", b"[1, " + LINE_A + b"]", "a row of type int is no conversation"),
    "something after an array": ("a.json", b"[" + LINE_A + b"] oops", "not JSON: "),
    "nested too deeply": ("a.jsonl", LINE_A + b"\n" + DEEP + b"\n", "not JSON: "),
    "gzip cut off": ("a.jsonl.gz", GZIPPED[:-5_000], "the gzip archive is damaged or was cut off"),
    "gzip damaged": ("a.jsonl.gz", GZIPPED[:-8] + b"x" * 8, "the gzip archive is damaged or was cut off"),
    "CSV with too many fields": ("a.csv", b"user,response\nWhy?,So.\na,b,c\n", "3 fields where the header has 2"),
    "CSV with a quote left open": (
        "a.csv",
        b'user,response\nWhy?,So.\na,"b\n',
        "not readable as CSV (unexpected end of data)",
    ),
}


@pytest.mark.parametrize(("name", "content", "reason"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_one_rejected_row_and_the_rest_loads(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    found, rejected = load(tmp_path / name, content)
    assert len(found) >= 1
    assert [row.reason[: len(reason)] for row in rejected] == [reason]
    assert rejected[0].location.startswith(str(tmp_path / name))


FOREIGN = {
    "zip": (b"PK\x03\x04rest", "a zip archive: unpack it"),
    "zstd without an end": (b"\x28\xb5\x2f\xfdrest", "the zstd archive is damaged or was cut off"),
    "UTF-16": (LINE_A.decode().encode("utf-16"), "UTF-16 text: save it as UTF-8"),
    "Parquet without an end": (b"PAR1rest", "not readable as Parquet"),
}


@pytest.mark.parametrize(("content", "reason"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_file_of_another_kind_says_what_to_do(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as error:
        load(tmp_path / "a.jsonl", content)
    assert reason in str(error.value)


def csv_of(delimiter: str) -> bytes:
    return (
        f'id{delimiter}Question{delimiter}Answer\na{delimiter}Why?{delimiter}"So,\n""it"" is; so\tit\0 is"\n'.encode()
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_any_delimiter_quotes_and_line_breaks(tmp_path: Path, delimiter: str) -> None:
    found, rejected = load(tmp_path / "a.csv", b"\xef\xbb\xbf" + csv_of(delimiter))
    assert rejected == []
    assert (found[0].transcript_id, found[0].turns) == ("a", (Turn("Why?", "", 'So,\n"it" is; so\tit is'),))


def test_csv_in_gzip_with_a_large_field(tmp_path: Path) -> None:
    text = "x" * 1_000_000
    found, _ = load(tmp_path / "a.csv.gz", gzip.compress(f"user,response\nWhy?,{text}\n".encode()))
    assert found[0].turns == (Turn("Why?", "", text),)


def test_parquet_with_columns_and_with_nested_messages(tmp_path: Path) -> None:
    when = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    plain = [{**A, "created_at": when, "score": 0.5, "blob": b"xyz"}]
    nested = [{"id": "b", "messages": [{"role": "user", "content": "Why?", "tool_calls": None}, CHAT[1]]}]
    pq.write_table(pa.Table.from_pylist(plain), tmp_path / "1.parquet")
    pq.write_table(pa.Table.from_pylist(nested), tmp_path / "2.parquet")
    first, second = read(tmp_path)
    assert isinstance(first, Transcript)
    assert isinstance(second, Transcript)
    assert first.turns == second.turns == (TURN,)
    assert first.created_at == when
    assert first.metadata == {"score": 0.5, "blob": "[3 bytes]"}


OVERSIZED: dict[str, Callable[[bytes], bytes]] = {
    "a.jsonl": lambda big: LINE_A + b"\n" + big + b"\n" + LINE_B + b"\n",
    "a.json": lambda big: b"[" + LINE_A + b",\n" + big + b",\n" + LINE_B + b"]",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OVERSIZED)
def test_a_row_over_the_limit_is_not_held(tmp_path: Path, name: str) -> None:
    big = b'{"user": "' + b'x\\"}{' * (json_rows.MAX_ROW_BYTES // 2) + b'"}'
    (tmp_path / name).write_bytes(OVERSIZED[name](big))
    size = len(big)
    del big
    tracemalloc.start()
    found = list(read(tmp_path / name))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.transcript_id for row in found if isinstance(row, Transcript)] == ["a", "b"]
    [rejected] = [row for row in found if isinstance(row, Rejected)]
    assert rejected.reason.endswith("the limit is 67,108,864: put one row on a line, and leave media out")
    assert rejected.excerpt.startswith('{"user": "x')
    assert peak < 2.2 * json_rows.MAX_ROW_BYTES < size


def test_rows_of_an_array_are_found_across_the_borders_of_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": f"r{i}", "user": '"}{\\' * i, "response": "]['\n\u00e9"} for i in range(12)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    for chunk in range(1, 40):
        monkeypatch.setattr(json_rows, "_CHUNK", chunk)
        found = list(read(tmp_path / "a.json"))
        assert [row.turns[0].user for row in found if isinstance(row, Transcript)] == [row["user"] for row in rows]

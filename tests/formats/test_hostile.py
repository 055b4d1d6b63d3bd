"""Broken and malicious input: good rows load, the rest is reported, and memory stays bounded."""

import gzip
import json
import tracemalloc
import zipfile as plain_zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featdisc_assets.formats import Reading, SourceError, fingerprint, read
from featdisc_assets.formats.parsing.compression import zipfile, zstd
from featdisc_assets.formats.parsing.json_rows import MAX_ROW_BYTES
from featdisc_assets.transcript import Rejected, Transcript
from tests.formats.accounts import is_balanced

CHAT = {"id": "a", "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}
LINE = json.dumps(CHAT).encode() + b"\n"
SAMPLE = {"id": 1, "epoch": 1, "input": "x", "target": "y", "messages": CHAT["messages"]}


def split(found: list[Transcript | Rejected]) -> tuple[list[Transcript], list[Rejected]]:
    good = [item for item in found if isinstance(item, Transcript)]
    assert all(is_balanced(item) for item in good)
    return good, [item for item in found if isinstance(item, Rejected)]


def load(path: Path, reading: Reading | None = None) -> tuple[list[Transcript], list[Rejected]]:
    return split(list(read(path, reading=reading)))


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_truncated_archive_gives_the_rows_before_the_cut(tmp_path: Path, ending: str) -> None:
    lines = b"".join(json.dumps(CHAT | {"id": f"t{i}"}).encode() + b"\n" for i in range(20_000))
    packed = gzip.compress(lines) if ending == ".gz" else zstd.compress(lines)
    whole, cut = tmp_path / f"whole.jsonl{ending}", tmp_path / f"cut.jsonl{ending}"
    whole.write_bytes(packed)
    cut.write_bytes(packed[: len(packed) // 2])
    good, bad = load(whole)
    assert (len(good), bad) == (20_000, [])
    good, bad = load(cut)
    assert 0 < len(good) < 20_000
    assert "damaged or was cut off" in bad[-1].reason


def test_a_file_being_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINE + LINE[:40])
    good, [bad] = load(path)
    assert len(good) == 1
    assert "still being written" in bad.reason


def test_a_line_of_two_hundred_megabytes_is_passed_by(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(LINE + b'{"id": "big", "messages": "')
        for _ in range(200):
            file.write(b"x" * 2**20)
        file.write(b'"}\n' + LINE.replace(b'"a"', b'"b"'))
    tracemalloc.start()
    good, [bad] = load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.transcript_id for row in good] == ["a", "b"]
    assert "209,715," in bad.reason
    assert "the limit is" in bad.reason
    assert peak < 2.5 * MAX_ROW_BYTES


def test_odd_characters_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf"
        + b'{"id": "nan", "score": NaN, "messages": [{"role": "user", "content": "Why?"}]}\n'
        + b'{"id": "nul", "messages": [{"role": "user", "content": "W\\u0000hy?"}]}\n'
        + b'{"id": "half", "messages": [{"role": "user", "content": "W\\ud800hy?"}]}\n'
        + b'{"id": "bytes", "messages": [{"role": "user", "content": "W\xffhy?"}]}\n'
    )
    good, bad = load(path)
    assert bad == []
    assert [row.turns[0].user for row in good] == ["Why?", "Why?", "W�hy?", "W�hy?"]
    assert [entry.n_chars for entry in good[1].dropped if entry.reason == "nul_character"] == [1]


def test_a_chat_of_ten_thousand_turns(tmp_path: Path) -> None:
    messages = [{"role": role, "content": f"{role} {i}"} for i in range(10_000) for role in ("user", "assistant")]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"messages": messages}) + "\n")
    [good], bad = load(path)
    assert (len(good.turns), bad) == (10_000, [])


@pytest.mark.parametrize("depth", [500, 100_000])
def test_deep_nesting(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"messages": ' + b"[" * depth + b"]" * depth + b"}\n" + LINE)
    good, bad = load(path)
    assert (len(good), len(bad)) == (1, 1)


def test_a_bomb_in_an_eval_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.eval"
    with plain_zipfile.ZipFile(path, "w", plain_zipfile.ZIP_DEFLATED) as file:
        file.writestr("header.json", json.dumps({"eval": {"model": "m", "task": "t"}}))
        with file.open("samples/bomb_epoch_1.json", "w", force_zip64=True) as member:
            for _ in range(512):
                member.write(b" " * 2**20)
        file.writestr("samples/1_epoch_1.json", json.dumps(SAMPLE))
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    [good], [bad] = load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert good.model == "m"
    assert "the limit" in bad.reason
    assert peak < 3 * MAX_ROW_BYTES


def test_a_name_that_leads_out_of_an_eval_is_not_followed(tmp_path: Path) -> None:
    members = {
        "samples/../../evil.json": b"{}",
        "/samples/x.json": b"{}",
        "samples/1_epoch_1.json": json.dumps(SAMPLE).encode(),
    }
    (tmp_path / "in").mkdir()
    path = archive(tmp_path / "in" / "a.eval", members)
    [_], bad = load(path)
    assert [row.reason for row in bad] == ["its name leads out of the archive"] * 2
    assert not (tmp_path / "evil.json").exists()


def test_members_packed_with_zstd(tmp_path: Path) -> None:
    header = json.dumps({"eval": {"model": "m", "task": "t", "run_id": "r"}}).encode()
    members = {"header.json": header} | {
        f"samples/1_epoch_{epoch}.json": json.dumps(SAMPLE | {"epoch": epoch}).encode() for epoch in (1, 2)
    }
    good, bad = load(archive(tmp_path / "a.eval", members, zipfile.ZIP_ZSTANDARD))
    assert ([row.transcript_id for row in good], bad) == (["t/r/1/1", "t/r/1/2"], [])
    assert {row.group_key for row in good} == {"t/1"}


def test_an_eval_being_written(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.eval", {"samples/1_epoch_1.json": json.dumps(SAMPLE).encode()})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match="still being written"):
        list(read(path))


def test_a_dataset_on_disk_as_parquet_and_as_arrow(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([CHAT | {"id": f"t{i}"} for i in range(3)])
    pq.write_table(table, tmp_path / "train-00000-of-00001.parquet")
    with (
        pa.OSFile(str(tmp_path / "data-00000-of-00001.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    (tmp_path / "dataset_info.json").write_text("{}")
    (tmp_path / "state.json").write_text('{"_data_files": []}')
    good, bad = load(tmp_path)
    assert [row.transcript_id for row in good] == ["t0", "t1", "t2"]
    assert len(bad) == 3
    assert all("duplicate" in row.reason for row in bad)


def test_a_source_with_a_place_for_answers_and_none_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"id": i, "prompt": "Why?", "response": ""}) + "\n" for i in range(5)))
    with pytest.raises(SourceError, match=r"not one of 5 transcripts .* has a response text"):
        list(read(path, format="tables"))
    assert len(load(path, Reading("tables", allow_empty=True))[0]) == 5
    path.write_text("".join(json.dumps({"id": i, "prompt": "Why?"}) + "\n" for i in range(5)))
    assert len(load(path, Reading("tables"))[0]) == 5  # no row has a field for it


def test_people_are_known_by_a_salted_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"conversation_hash": "h", "hashed_ip": "0a1b2c", "country": "France", "toxic": False,
           "conversation": [{"role": "user", "content": "Why?", "hashed_ip": "0a1b2c", "header": {"agent": "Mozilla"}},
                            {"role": "assistant", "content": "So."}]}  # fmt: skip
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"conversation_hash": "i"}) + "\n")
    first, second = read(path, salt=b"one")
    other, _ = read(path, salt=b"two")
    assert isinstance(first, Transcript)
    assert isinstance(second, Transcript)
    assert isinstance(other, Transcript)
    assert first.group_key == second.group_key != other.group_key
    assert not any(word in repr(first) for word in ("0a1b2c", "France", "Mozilla"))


def test_the_fingerprint_of_sources(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE)
    before = fingerprint([tmp_path, str(tmp_path / "*.jsonl"), "hf://datasets/a/b", tmp_path / "none.jsonl"])
    assert [(path, size) for path, size, _ in before] == [(str((tmp_path / "a.jsonl").resolve()), len(LINE))]
    (tmp_path / "b.jsonl").write_bytes(LINE)
    assert len(fingerprint([tmp_path])) == 2

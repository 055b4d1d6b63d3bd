"""How fast every format is read, and whether time and memory grow with the rows.

    python -m benchmarks.formats [--rows 10000] [--large 100000] [--only FORMAT]

Rows are made up, about 3 kB each in words that vary, written to a temporary folder before the clock starts. For each
format: rows and megabytes a second of reading alone. Then the whole way from a JSONL file to pieces, in a process of
its own, at a tenth of `--large` and at all of it. Seconds are wall and CPU; memory is the peak of the whole process.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from featdisc_assets import formats

_WORDS = [
    f"{a}{b}" for a in ("ka", "lo", "mi", "ter", "pun", "so", "wa", "zen") for b in ("n", "ra", "lis", "tor", "e")
]


def _random_text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


def _random_texts(rng: random.Random) -> tuple[str, str, str, str, str]:
    """Two questions, a thought and two answers: about 3 kB."""
    return (
        _random_text(rng, 40),
        _random_text(rng, 250),
        _random_text(rng, 140),
        _random_text(rng, 30),
        _random_text(rng, 120),
    )


def _chat(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    question, thought, answer, question2, answer2 = texts
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer, "reasoning_content": thought},
        {"role": "user", "content": question2},
        {"role": "assistant", "content": answer2},
    ]


def _anthropic(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    question, thought, answer, question2, answer2 = texts
    blocks = [{"type": "thinking", "thinking": thought, "signature": "c2ln" * 20}, {"type": "text", "text": answer}]
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": question2},
        {"role": "assistant", "content": [{"type": "text", "text": answer2}]},
    ]


def _plain(texts: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"content": text, "role": role} for text, role in zip((texts[0], texts[2], texts[3], texts[4]),
                                                                  ("user", "assistant") * 2, strict=True)]  # fmt: skip


def _contents(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    question, thought, answer, question2, answer2 = texts
    return [
        {"role": "user", "parts": [{"text": question}]},
        {"role": "model", "parts": [{"text": thought, "thought": True}, {"text": answer}]},
        {"role": "user", "parts": [{"text": question2}]},
        {"role": "model", "parts": [{"text": answer2}]},
    ]


def _items(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    question, thought, answer, question2, answer2 = texts
    return [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": thought}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": question2}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer2}]},
    ]


def _events(i: int, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, message in enumerate(_anthropic(texts)):
        found.append(
            {
                "type": message["role"], "sessionId": f"s{i}", "uuid": f"{i}-{number}",
                "parentUuid": f"{i}-{number - 1}" if number else None, "timestamp": "2025-01-01T00:00:00Z",
                "message": {**message, "id": f"m{i}-{number}"},
            }
        )  # fmt: skip
    return found


RowMaker = Callable[[int, tuple[str, ...]], list[Any]]
ROW_MAKERS: dict[str, RowMaker] = {
    "openai_chat": lambda i, texts: [{"id": f"t{i}", "model": f"m{i % 4}", "messages": _chat(texts)}],
    "openai_responses": lambda i, texts: [{"id": f"t{i}", "model": "m", "output": _items(texts)}],
    "anthropic": lambda i, texts: [{"id": f"t{i}", "system": "Be kind.", "messages": _anthropic(texts)}],
    "claude_code": _events,
    "claude_export": lambda i, texts: [
        {"uuid": f"t{i}", "chat_messages": [
            {"sender": "human" if message["role"] == "user" else "assistant", "text": message["content"],
             "created_at": f"2025-01-01T00:00:0{number}Z"} for number, message in enumerate(_plain(texts))]}
    ],
    "gemini": lambda i, texts: [{"id": f"t{i}", "contents": _contents(texts)}],
    "inline_tags": lambda i, texts: [
        {"id": f"t{i}", "messages": [{"role": "user", "content": texts[0]},
                                     {"role": "assistant", "content": f"<think>\n{texts[1]}\n</think>\n\n{texts[2]}"}]}
    ],
    "sharegpt": lambda i, texts: [
        {"id": f"t{i}", "conversations": [
            {"from": "human" if message["role"] == "user" else "gpt", "value": message["content"]}
            for message in _plain(texts)]}
    ],
    "lmsys": lambda i, texts: [
        {"conversation_id": f"t{i}", "model": "m", "conversation": _plain(texts), "turn": 2, "language": "English",
         "openai_moderation": [{"flagged": False}], "redacted": False}
    ],
    "wildchat": lambda i, texts: [
        {"conversation_hash": f"t{i}", "model": "m", "conversation": _plain(texts), "turn": 2, "toxic": False,
         "hashed_ip": f"ip{i % 99}", "country": "X", "header": {"user-agent": "Mozilla"}}
    ],
    "inspect": lambda i, texts: [
        {"id": i, "epoch": 1, "input": texts[0], "target": "x", "messages": _chat(texts), "scores": {"s": {"value": 1}}}
    ],
    "tables": lambda i, texts: [{"id": f"t{i}", "user": texts[0], "thought": texts[1], "response": texts[2]}],
}  # fmt: skip


def write_jsonl(path: Path, format_name: str, rows: int) -> None:
    """Write made-up transcripts of one format."""
    rng = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for i in range(rows):
            for row in ROW_MAKERS[format_name](i, _random_texts(rng)):
                file.write(json.dumps(row) + "\n")


def write_parquet(path: Path, rows: int) -> None:
    """Write OpenAI chats as Hugging Face does: the messages as a column of lists."""
    rng = random.Random(7)
    options = [ROW_MAKERS["openai_chat"](i, _random_texts(rng))[0] for i in range(rows)]
    pq.write_table(pa.Table.from_pylist(options), path)


def write_eval(path: Path, rows: int) -> None:
    """Write an Inspect log, a member a sample."""
    rng = random.Random(7)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"task": "t", "model": "m", "run_id": "r"}}))
        for i in range(rows):
            archive.writestr(f"samples/{i}_epoch_1.json", json.dumps(ROW_MAKERS["inspect"](i, _random_texts(rng))[0]))


def read_all(path: Path, reading: formats.Reading) -> int:
    """Read every row; returns how many transcripts there are."""
    return sum(1 for item in formats.read(path, reading=reading) if hasattr(item, "turns"))


def to_pieces(path: Path, folder: Path) -> None:
    """In this process: materialise transcripts and pieces, and print what it took."""
    import dagster as dg  # noqa: PLC0415

    from featdisc_assets.assets.ingest import pieces, transcripts  # noqa: PLC0415
    from featdisc_assets.commands.run import enter  # noqa: PLC0415
    from featdisc_assets.graph.resources import resources_of  # noqa: PLC0415
    from featdisc_assets.home.places import Home  # noqa: PLC0415
    from featdisc_assets.warehouse import Warehouse  # noqa: PLC0415

    home = Home(folder)
    enter(home)
    wall_start, cpu_start = time.perf_counter(), _cpu()
    dg.materialize(
        [transcripts, pieces],
        resources=resources_of(home),
        run_config={
            "ops": {"transcripts": {"config": {"source": [str(path)]}}},
            "loggers": {"console": {"config": {"log_level": "ERROR"}}},
        },
    )
    wall, cpu = time.perf_counter() - wall_start, _cpu() - cpu_start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    db = Warehouse(home.warehouse)
    counts = db.scalar("select count(*) from transcripts"), db.scalar("select count(*) from pieces")
    bad = db.scalar(f"select count(*) from ({_accounting_check()})")  # noqa: S608 - our own file
    print(json.dumps({"transcripts": counts[0], "pieces": counts[1], "unaccounted": bad, "wall_s": wall, "cpu_s": cpu,
                      "peak_mib": peak}))  # fmt: skip


def _accounting_check() -> str:
    from featdisc_assets.home.places import read_sql  # noqa: PLC0415

    return read_sql("checks/every_character_is_accounted_for")


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=100_000, help="0 leaves the way to pieces out")
    parser.add_argument("--only", default="")
    parser.add_argument("--to-pieces", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.to_pieces:
        to_pieces(*options.to_pieces)
        return
    with tempfile.TemporaryDirectory() as folder:
        _each_format(Path(folder), options.rows, options.only)
        if options.large:
            _growth(Path(folder), options.large)


def _each_format(folder: Path, rows: int, only: str) -> None:
    print(f"{'format':<22}{'rows':>8}{'MB':>8}{'wall s':>9}{'CPU s':>9}{'rows/s':>10}{'MB/s':>8}")
    writers: dict[str, Callable[[Path], None]] = {
        **{f"{name}.jsonl": lambda path, name=name: write_jsonl(path, name, rows) for name in ROW_MAKERS},  # type: ignore[misc]
        "openai_chat.parquet": lambda path: write_parquet(path, rows),
        "inspect.eval": lambda path: write_eval(path, rows),
    }
    for name, write in writers.items():
        if only and only not in name:
            continue
        path = folder / name
        write(path)
        for label, reading in (("", formats.Reading()), (" --redact", formats.Reading(redacts=True))):
            if label and name != "openai_chat.jsonl":
                continue
            wall_start, cpu_start = time.perf_counter(), _cpu()
            found = read_all(path, reading)
            wall, cpu = time.perf_counter() - wall_start, _cpu() - cpu_start
            size = path.stat().st_size / 1e6
            print(
                f"{name + label:<22}{found:>8,}{size:>8.1f}{wall:>9.2f}{cpu:>9.2f}{found / wall:>10,.0f}"
                f"{size / wall:>8.1f}",
                flush=True,
            )
        path.unlink()


def _growth(folder: Path, large: int) -> None:
    print(
        f"\n{'to pieces':<12}{'MB':>7}{'pieces':>10}{'wall s':>9}{'CPU s':>9}{'rows/s':>10}{'peak MiB':>10}{'lost':>6}"
    )
    for rows in (large // 10, large):
        path = folder / f"{rows}.jsonl"
        write_jsonl(path, "openai_chat", rows)
        command = [sys.executable, "-m", "benchmarks.formats", "--to-pieces", str(path), str(folder / f"home{rows}")]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = json.loads(out.splitlines()[-1])
        print(
            f"{rows:<12,}{path.stat().st_size / 1e6:>7.0f}{found['pieces']:>10,}{found['wall_s']:>9.1f}"
            f"{found['cpu_s']:>9.1f}{rows / found['wall_s']:>10,.0f}{found['peak_mib']:>10,.0f}"
            f"{found['unaccounted']:>6}",
            flush=True,
        )


if __name__ == "__main__":
    main()

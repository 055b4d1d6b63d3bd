"""Read rate of every format, and growth of time and memory with the number of rows.

    python -m benchmarks.formats [--rows 10000] [--large 100000] [--only FORMAT]

Rows are generated, about 3 kB each, and written to a temporary folder before the clock starts. The first table gives
rows and megabytes per second of reading alone. The second covers all steps from a JSONL file to pieces, in a new
process, with a tenth of `--large` and with all of it (0 skips this). Memory is the peak of the whole process.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measuring import measured, parser, peak_mib
from featdisc_assets import formats

_WORDS = [
    f"{a}{b}" for a in ("ka", "lo", "mi", "ter", "pun", "so", "wa", "zen") for b in ("n", "ra", "lis", "tor", "e")
]


def _random_texts(rng: random.Random) -> tuple[str, ...]:
    """A question, a thought, an answer, a second question and a second answer: about 3 kB."""
    return tuple(" ".join(rng.choices(_WORDS, k=n)) for n in (40, 250, 140, 30, 120))


def _turns(texts: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Role, thought (or an empty string) and text of each turn."""
    question, thought, answer, question2, answer2 = texts
    return [("user", "", question), ("assistant", thought, answer), ("user", "", question2), ("assistant", "", answer2)]


def _chat(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"role": role, "content": text} | ({"reasoning_content": thought} if thought else {})
        for role, thought, text in _turns(texts)
    ]


def _anthropic(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    def content(role: str, thought: str, text: str) -> object:
        if role == "user":
            return text
        thinking = [{"type": "thinking", "thinking": thought, "signature": "c2ln" * 20}] if thought else []
        return [*thinking, {"type": "text", "text": text}]

    return [{"role": turn[0], "content": content(*turn)} for turn in _turns(texts)]


def _plain(texts: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"content": text, "role": role} for role, _, text in _turns(texts)]


def _contents(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "role": "model" if role == "assistant" else role,
            "parts": [*([{"text": thought, "thought": True}] if thought else []), {"text": text}],
        }
        for role, thought, text in _turns(texts)
    ]


def _items(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for role, thought, text in _turns(texts):
        if thought:
            items.append({"type": "reasoning", "summary": [{"type": "summary_text", "text": thought}]})
        block = {"type": "input_text" if role == "user" else "output_text", "text": text}
        items.append({"type": "message", "role": role, "content": [block]})
    return items


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
    """Write generated transcripts of one format."""
    rng = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for i in range(rows):
            for row in ROW_MAKERS[format_name](i, _random_texts(rng)):
                file.write(json.dumps(row) + "\n")


def write_parquet(path: Path, rows: int) -> None:
    """Write OpenAI chats as Hugging Face does: the messages as a column of lists."""
    rng = random.Random(7)
    transcripts = [ROW_MAKERS["openai_chat"](i, _random_texts(rng))[0] for i in range(rows)]
    pq.write_table(pa.Table.from_pylist(transcripts), path)


def write_eval(path: Path, rows: int) -> None:
    """Write an Inspect log with one member per sample."""
    rng = random.Random(7)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"task": "t", "model": "m", "run_id": "r"}}))
        for i in range(rows):
            archive.writestr(f"samples/{i}_epoch_1.json", json.dumps(ROW_MAKERS["inspect"](i, _random_texts(rng))[0]))


def read_all(path: Path, reading: formats.Reading) -> int:
    """Read every row and return the number of transcripts."""
    return sum(1 for item in formats.read(path, reading=reading) if hasattr(item, "turns"))


def to_pieces(path: Path, folder: Path) -> None:
    """Materialize transcripts and pieces in this process, and print the cost as JSON."""
    import dagster as dg  # noqa: PLC0415

    from featdisc_assets.assets.ingest import pieces, transcripts  # noqa: PLC0415
    from featdisc_assets.commands.run import enter  # noqa: PLC0415
    from featdisc_assets.graph.resources import resources_of  # noqa: PLC0415
    from featdisc_assets.home.places import Home, read_sql  # noqa: PLC0415
    from featdisc_assets.warehouse import Warehouse  # noqa: PLC0415

    home = Home(folder)
    enter(home)
    with measured() as cost:
        dg.materialize(
            [transcripts, pieces],
            resources=resources_of(home),
            run_config={
                "ops": {"transcripts": {"config": {"source": [str(path)]}}},
                "loggers": {"console": {"config": {"log_level": "ERROR"}}},
            },
        )
    peak = peak_mib()
    db = Warehouse(home.warehouse)
    check = read_sql("checks/every_character_is_accounted_for")
    counts = {
        "pieces": db.scalar("select count(*) from pieces"),
        "unaccounted": db.scalar(f"select count(*) from ({check})"),  # noqa: S608 - our own file
    }
    print(json.dumps(asdict(cost) | counts | {"peak_mib": peak}))


def main() -> None:
    """Print both tables."""
    arguments = parser(__doc__, rows=10_000, large=100_000, only="")
    arguments.add_argument("--to-pieces", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.to_pieces:
        to_pieces(*options.to_pieces)
        return
    with tempfile.TemporaryDirectory() as folder:
        _print_reading(Path(folder), options.rows, options.only)
        if options.large:
            _print_growth(Path(folder), options.large)


def _print_reading(folder: Path, rows: int, only: str) -> None:
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
        for label, reading in (("", formats.Reading()), (" --redact", formats.Reading(redact=True))):
            if label and name != "openai_chat.jsonl":
                continue
            with measured() as cost:
                found = read_all(path, reading)
            wall = cost.wall_s
            size = path.stat().st_size / 1e6
            print(
                f"{name + label:<22}{found:>8,}{size:>8.1f}{wall:>9.2f}{cost.cpu_s:>9.2f}{found / wall:>10,.0f}"
                f"{size / wall:>8.1f}",
                flush=True,
            )
        path.unlink()


def _print_growth(folder: Path, large: int) -> None:
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

"""How long a question to the warehouse takes while a run is rating, and how long a writer waits for readers.

    python -m benchmarks.query_latency [--chats 4000] [--seconds 40]

A server of its own answers at once, so that the run writes as often as it ever will. One process rates; this one asks
five questions in turn, each over a connection of its own, as `featdisc sql` does. The table gives the wait for an
answer without the start of Python; the last line is the whole command.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from benchmarks.client import MODEL, fake_server
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse, ask

QUESTIONS = (
    "select count(*) from pieces",
    "from coverage",
    "from spend",
    "select status, count(*) as n from ratings group by status",
    "select text, n_pieces from vocabulary order by n_pieces desc limit 10",
)


def write_chats(path: Path, n: int) -> None:
    """Chats that all differ."""
    with path.open("wb") as file:
        for number in range(n):
            question = f"Question {number}: how do I sort the list that belongs to row {number * 7919 % n}?"
            answer = f"Use sorted() on it, {number}. " + "It makes a new list. " * 20
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            file.write(orjson.dumps({"id": str(number), "messages": messages}) + b"\n")


def main() -> None:
    """Rate, read meanwhile, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fake_server(0.02) as url:
        home, source = Home(Path(folder) / "home"), Path(folder) / "chats.jsonl"
        write_chats(source, given.chats)
        command = [sys.executable, "-m", "featdisc_assets.commands.cli"]
        run = [*command, "run", "--source", str(source), "--model", MODEL, "--api-base", url, "--home", str(home.path)]
        environment = os.environ | {"OPENAI_API_KEY": "none"}
        with subprocess.Popen(run, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as rating:
            db = Warehouse(home.warehouse)
            while not db.path.exists() or not db.scalar("select count(*) from ratings"):
                time.sleep(0.1)
            waits: dict[str, list[float]] = {question: [] for question in QUESTIONS}
            start = time.monotonic()
            while rating.poll() is None and time.monotonic() - start < given.seconds:
                for question in QUESTIONS:
                    started = time.perf_counter()
                    ask(db, question)
                    waits[question].append((time.perf_counter() - started) * 1000)
                    time.sleep(0.02)
            rated = db.scalar("select count(*) from ratings")
            started = time.perf_counter()
            subprocess.run(
                [*command, "sql", "from coverage", "--home", str(home.path)], check=True, capture_output=True
            )
            command_s = time.perf_counter() - started
            rating.kill()
    all_waits = [wait for one in waits.values() for wait in one]
    print(
        f"{len(all_waits):,} questions in {given.seconds:.0f} s beside a run that had {rated:,} answers; milliseconds:"
    )
    print(f"{'':74}{'median':>8}{'95%':>8}{'longest':>8}")
    for question, times in [*waits.items(), ("all", all_waits)]:
        longest, p95 = max(times), statistics.quantiles(times, n=20)[18]
        print(f"{question:74}{statistics.median(times):8.0f}{p95:8.0f}{longest:8.0f}")
    print(f"`featdisc sql` from start to end: {command_s:.1f} s")


if __name__ == "__main__":
    main()

"""Latency of warehouse queries while a run is rating.

    python -m benchmarks.query_latency [--chats 4000] [--seconds 40]

A fake server answers at once, so that the run writes at its highest rate. One process rates; this one runs five queries
in turn, each over a new connection, as `featdisc sql` does. The table excludes the start of Python. The last line is
the time of the whole command.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from benchmarks.client import MODEL, fake_server
from benchmarks.measuring import measured, parser
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse, ask

QUERIES = (
    "select count(*) from pieces",
    "from coverage",
    "from spend",
    "select status, count(*) as n from ratings group by status",
    "select text, n_pieces from vocabulary order by n_pieces desc limit 10",
)


def write_chats(path: Path, n: int) -> None:
    """Write n distinct chats."""
    with path.open("wb") as file:
        for number in range(n):
            question = f"Question {number}: how do I sort the list that belongs to row {number * 7919 % n}?"
            answer = f"Use sorted() on it, {number}. " + "It makes a new list. " * 20
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            file.write(orjson.dumps({"id": str(number), "messages": messages}) + b"\n")


def main() -> None:
    """Query the warehouse while a run rates, and print the latencies."""
    options = parser(__doc__, chats=4000, seconds=40.0).parse_args()
    with tempfile.TemporaryDirectory() as folder, fake_server(0.02) as url:
        home, source = Home(Path(folder) / "home"), Path(folder) / "chats.jsonl"
        write_chats(source, options.chats)
        command = [sys.executable, "-m", "featdisc_assets.commands.cli"]
        run = [*command, "run", "--source", str(source), "--model", MODEL, "--api-base", url, "--home", str(home.path)]
        environment = os.environ | {"OPENAI_API_KEY": "none"}
        with subprocess.Popen(run, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as rating:
            db = Warehouse(home.warehouse)
            while not db.path.exists() or not db.scalar("select count(*) from ratings"):
                time.sleep(0.1)
            waits: dict[str, list[float]] = {query: [] for query in QUERIES}
            start = time.monotonic()
            while rating.poll() is None and time.monotonic() - start < options.seconds:
                for query in QUERIES:
                    with measured() as cost:
                        ask(db, query)
                    waits[query].append(cost.wall_s * 1000)
                    time.sleep(0.02)
            rated = db.scalar("select count(*) from ratings")
            sql_command = [*command, "sql", "from coverage", "--home", str(home.path)]
            with measured() as command_cost:
                subprocess.run(sql_command, check=True, capture_output=True)
            rating.kill()
    all_waits = [wait for query_waits in waits.values() for wait in query_waits]
    print(f"{len(all_waits):,} queries in {options.seconds:.0f} s during a run with {rated:,} answers; milliseconds:")
    print(f"{'':74}{'median':>8}{'95%':>8}{'longest':>8}")
    for query, times in [*waits.items(), ("all", all_waits)]:
        longest, p95 = max(times), statistics.quantiles(times, n=20)[18]
        print(f"{query:74}{statistics.median(times):8.0f}{p95:8.0f}{longest:8.0f}")
    print(f"whole command `featdisc sql`: {command_cost.wall_s:.1f} s")


if __name__ == "__main__":
    main()

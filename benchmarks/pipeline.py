"""The whole pipeline on one source: wall time and peak memory of each step.

    python -m benchmarks.pipeline [PATH]...     (default: the file that FEATDISC_BENCH_SOURCE names, else the sample)
    python -m benchmarks.pipeline --made N      (made-up features of N transcripts, which nobody is asked for)

A fresh home in a temporary folder, the built-in rater, one process. Memory is the process's resident set, sampled 20
times a second, so a step's figure includes what earlier steps left behind: read it as what the machine must have.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

import dagster as dg

from benchmarks import synthetic_features
from featdisc_assets.commands import run as running
from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse


class MemorySampler(threading.Thread):
    """The process's resident set over time, in MiB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float]] = []
        self._done = threading.Event()

    def run(self) -> None:
        """Sample until told to stop."""
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        while not self._done.wait(0.05):
            resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.samples.append((time.time(), resident * page))

    def stop(self) -> None:
        """End sampling."""
        self._done.set()
        self.join()

    def peak(self, start: float, end: float) -> float:
        """The most between two times, NaN where no sample fell."""
        return max((mib for at, mib in self.samples if start <= at <= end), default=float("nan"))


def main() -> None:
    """Run once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="*", default=[os.environ.get("FEATDISC_BENCH_SOURCE") or str(sample_path())])
    parser.add_argument("--made", type=int, default=0)
    options = parser.parse_args()
    sources, reading = options.source, {}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        if options.made:
            made = Path(folder) / "made.jsonl"
            synthetic_features.write(made, options.made)
            sources, reading = [str(made)], {"features": True}
        sampler = MemorySampler()
        sampler.start()
        started = time.time()
        running.run(home, running.settings(sources=sources, model=None, api_base=None, reading=reading))
        ended = time.time()
        sampler.stop()
        steps = _steps()
        db = Warehouse(home.warehouse)
        print(f"\nsource: {', '.join(sources)}")
        for table in ("transcripts", "pieces", "vocabulary", "features", "clusters", "cooccurrence", "probes"):
            print(f"  {table:<14}{db.scalar(f'select count(*) from {table}'):>10,} rows")  # noqa: S608 - our own names
        print(f"\n{'step':<18}{'seconds':>9}{'share':>8}{'peak MiB':>10}")
        for name, (start, end) in steps.items():
            print(
                f"{name:<18}{end - start:>9.1f}{(end - start) / (ended - started):>8.0%}"
                f"{sampler.peak(start, end):>10,.0f}"
            )
        print(f"{'whole run':<18}{ended - started:>9.1f}{'':>8}{sampler.peak(started, ended):>10,.0f}")


def _steps() -> dict[str, tuple[float, float]]:
    """Start and end of each step of the newest run, in order."""
    starts: dict[str, float] = {}
    found: dict[str, tuple[float, float]] = {}
    with dg.DagsterInstance.get() as instance:
        run = instance.get_runs(limit=1)[0]
        for entry in instance.all_logs(run.run_id):
            event = entry.dagster_event
            if event is None or event.step_key is None:
                continue
            if event.event_type == dg.DagsterEventType.STEP_START:
                starts[event.step_key] = entry.timestamp
            elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
                found[event.step_key] = (starts[event.step_key], entry.timestamp)
    return found


if __name__ == "__main__":
    main()

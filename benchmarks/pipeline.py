"""Wall time and peak memory of each step of a whole run.

    python -m benchmarks.pipeline [PATH]...     (default: the file that FEATDISC_BENCH_SOURCE names, else the sample)
    python -m benchmarks.pipeline --made N      (generated features of N transcripts, no rating)

A new home in a temporary folder, the built-in rater, one process. Memory is the resident set of the process, sampled 20
times a second. A step's figure includes memory that earlier steps still hold: it is what the machine must have.
"""

import os
import tempfile
from pathlib import Path

import dagster as dg

from benchmarks import synthetic_features
from benchmarks.measuring import MemorySampler, parser
from featdisc_assets.commands import run as running
from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse


def main() -> None:
    """Run once and print a table."""
    arguments = parser(__doc__, made=0)
    arguments.add_argument("source", nargs="*", default=[os.environ.get("FEATDISC_BENCH_SOURCE") or str(sample_path())])
    options = arguments.parse_args()
    sources, reading = options.source, {}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        if options.made:
            made = Path(folder) / "made.jsonl"
            synthetic_features.write(made, options.made)
            sources, reading = [str(made)], {"features": True}
        with MemorySampler() as sampler:
            running.run(home, running.settings(sources=sources, model=None, api_base=None, reading=reading))
        started, ended = sampler.started, sampler.ended
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
    """Start and end of each step of the latest run, in order."""
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

"""What the benchmarks share: command-line options, and measures of time and memory."""

import argparse
import contextlib
import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self


def parser(doc: str | None, **defaults: float | str) -> argparse.ArgumentParser:
    """A parser with an option for each default. The default gives the type; a bool makes a flag.

    Args:
        doc: The help text, usually the module's docstring.
        defaults: Default by option name, with underscores for hyphens.
    """
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(default, bool):
            options.add_argument(option, action="store_true")
        else:
            options.add_argument(option, type=type(default), default=default)
    return options


@dataclass(slots=True)
class Cost:
    """Wall and CPU seconds of a block. CPU time includes child processes that have ended."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextlib.contextmanager
def measured() -> Iterator[Cost]:
    """Measure a block; the figures are set when it ends."""
    cost, wall, cpu = Cost(), time.perf_counter(), _cpu_seconds()
    yield cost
    cost.wall_s, cost.cpu_s = time.perf_counter() - wall, _cpu_seconds() - cpu


@contextlib.contextmanager
def timed(name: str) -> Iterator[None]:
    """Print wall and CPU seconds of a block, and the peak memory of the process so far."""
    with measured() as cost:
        yield
    print(f"{name}: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} CPU s, peak so far {peak_mib() / 1024:.2f} GiB", flush=True)


def peak_mib() -> float:
    """Peak resident memory of this process, in MiB."""
    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class MemorySampler:
    """Samples the resident memory of this process 20 times a second while a `with` block runs.

    Attributes:
        samples: Time and MiB of each sample.
        started: Time at which the block started.
        ended: Time at which it ended.
    """

    def __enter__(self) -> Self:
        self.samples: list[tuple[float, float]] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        self.started = self.ended = time.time()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ended = time.time()
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        page_mib = os.sysconf("SC_PAGE_SIZE") / 2**20
        while not self._done.wait(0.05):
            resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.samples.append((time.time(), resident * page_mib))

    def peak(self, start: float, end: float) -> float:
        """The largest sample between two times in MiB, NaN if there is none."""
        return max((mib for at, mib in self.samples if start <= at <= end), default=float("nan"))

"""What several tests share: a home in which the bundled sample has gone through the whole graph, once a session."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

# Assets take their defaults from the home they are imported in: here from none.
os.environ["FEATDISC_HOME"] = os.devnull + "/no-home"

from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse
from tests import command_line

FINISHED_HOMES = ("sample_home", "small_home")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need a finished home as slow, and run long tests first, so that workers finish together.

    The first test of each finished home comes first of all: one worker makes the homes while the other runs slow tests
    that need none.
    """
    makers: dict[str, pytest.Item] = {}
    for item in items:
        for home in FINISHED_HOMES:
            if home in getattr(item, "fixturenames", ()):
                item.add_marker("slow")
                makers.setdefault(home, item)

    def place(item: pytest.Item) -> int:
        if item in makers.values():
            return 0
        needs_a_home = any(home in getattr(item, "fixturenames", ()) for home in FINISHED_HOMES)
        return 2 if needs_a_home else 1 if item.get_closest_marker("slow") else 3

    items.sort(key=place)


# Variables that a library reads at import: a fork of a process that has imported it would ignore them.
_READ_AT_IMPORT = "HF_"


def featdisc(
    *arguments: str, home: Path | None = None, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would, in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    given = [*arguments, *(() if home is None else ("--home", str(home)))]
    run = start if any(name.startswith(_READ_AT_IMPORT) for name in environment) else command_line.run
    return run(given, stdin=stdin, environment=clean | environment)


def start(arguments: list[str], *, stdin: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command line in a new interpreter."""
    command = [sys.executable, "-m", "featdisc_assets.commands.cli", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, check=False)


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Make a folder that all workers share.

    Args:
        tmp_path_factory: Gives the temporary folder of the session.
        name: Name of the folder.
        make: Fills the empty folder.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder, finished = shared / name, shared / f"{name}.finished"
    with FileLock(shared / f"{name}.lock"):
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            finished.touch()
    return folder


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of a finished run on the bundled sample, from a new interpreter; look, do not touch."""

    def make(folder: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
        done = start(["run", "--sample", "--home", str(folder)], stdin="", environment=clean)
        assert done.returncode == 0, done.stderr

    return Home(made_once(tmp_path_factory, "sample-home", make))


def small_source(folder: Path, n: int = 24) -> Path:
    """A file with the first transcripts of the sample."""
    path = folder / "small.jsonl"
    path.write_text("".join(sample_path().read_text(encoding="utf-8").splitlines(keepends=True)[:n]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of a finished run on `small_source`, which stands beside it; look, or take a `copy_of` it."""

    def make(folder: Path) -> None:
        done = featdisc("run", "--source", str(small_source(folder)), home=folder / "home")
        assert done.returncode == 0, done.stderr

    return Home(made_once(tmp_path_factory, "small", make) / "home")


def copy_of(home: Home, folder: Path) -> Home:
    """A home of one's own, as a person would copy it: nothing in it names the place it stands in."""
    return Home(Path(shutil.copytree(home.path, folder / "home")))


@pytest.fixture(scope="session")
def sample_db(sample_home: Home) -> Warehouse:
    """The warehouse of that home."""
    return Warehouse(sample_home.warehouse)

"""What several tests share: a home in which the bundled sample has gone through the whole graph, once a session."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

# Assets take their defaults from the home they are imported in: here from none.
os.environ["FEATDISC_HOME"] = os.devnull + "/no-home"

from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.warehouse import Warehouse


def featdisc(
    *arguments: str, home: Path | None = None, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would, in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    command = [sys.executable, "-m", "featdisc_assets.commands.cli", *arguments]
    if home is not None:
        command += ["--home", str(home)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=clean | environment, check=False, timeout=300
    )


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of a finished run on the bundled sample; look, do not touch."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    home = Home(shared / "sample-home")
    with FileLock(str(shared / "sample-home.lock")):
        if not home.report.exists():
            done = featdisc("run", "--sample", home=home.path)
            assert done.returncode == 0, done.stderr
    return home


def small_source(folder: Path, n: int = 24) -> Path:
    """A file with the first transcripts of the sample."""
    path = folder / "small.jsonl"
    path.write_text("".join(sample_path().read_text(encoding="utf-8").splitlines(keepends=True)[:n]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of a finished run on `small_source`, which stands beside it; look, or take a `copy_of` it."""
    folder = tmp_path_factory.mktemp("small")
    home = Home(folder / "home")
    done = featdisc("run", "--source", str(small_source(folder)), home=home.path)
    assert done.returncode == 0, done.stderr
    return home


def copy_of(home: Home, folder: Path) -> Home:
    """A home of one's own, as a person would copy it: nothing in it names the place it stands in."""
    return Home(Path(shutil.copytree(home.path, folder / "home")))


@pytest.fixture(scope="session")
def sample_db(sample_home: Home) -> Warehouse:
    """The warehouse of that home."""
    return Warehouse(sample_home.warehouse)

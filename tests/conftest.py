"""What several tests share: a home in which the bundled sample has gone through the whole graph, once a session."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

# Assets take their defaults from the home they are imported in: here from none.
os.environ["FEATDISC_HOME"] = os.devnull + "/no-home"

from featdisc_assets.places import Home
from featdisc_assets.warehouse import Warehouse


def featdisc(
    *arguments: str, home: Path | None = None, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would, in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in ("FEATDISC_HOME", "DAGSTER_HOME")}
    command = [sys.executable, "-m", "featdisc_assets.cli", *arguments]
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


@pytest.fixture(scope="session")
def sample_db(sample_home: Home) -> Warehouse:
    """The warehouse of that home."""
    return Warehouse(sample_home.warehouse)

"""Reading while a run writes: nobody's query fails, and a person's open shell delays a run but never fails it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse, ask
from tests.conftest import copy_of, featdisc, small_source
from tests.dagster_ui import dagster_ui
from tests.loopback.server import MODEL, Loopback

pytestmark = [pytest.mark.slow]

QUESTIONS = (
    "select count(*) from pieces", "from coverage", "from spend", "select status, count(*) from ratings group by all",
    "from cluster_prevalence order by prevalence desc limit 10", "from failures",
)  # fmt: skip


class Reader(threading.Thread):
    """Asks one question after the other, each over a connection of its own, until told to stop."""

    def __init__(self, home: Home) -> None:
        super().__init__(daemon=True)
        self.db = Warehouse(home.warehouse)
        self.answered = 0
        self.errors: list[Exception] = []
        self._over = threading.Event()

    def run(self) -> None:
        while not self.db.path.exists() and not self._over.wait(0.05):
            pass
        while not self._over.wait(0.05):
            try:
                ask(self.db, QUESTIONS[self.answered % len(QUESTIONS)])
                self.answered += 1
            except Exception as error:
                self.errors.append(error)

    def stop(self) -> None:
        self._over.set()
        self.join()


def hold_open(home: Home, seconds: float) -> subprocess.Popen[str]:
    """A person's read-only shell in a process of its own; it says when it has the file."""
    code = (
        "import duckdb, sys, time\n"
        "while True:\n"
        "    try: held = duckdb.connect(sys.argv[1], read_only=True); break\n"
        "    except duckdb.IOException: time.sleep(0.01)\n"
        "print('held', flush=True); time.sleep(float(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(home.warehouse), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seconds", [8.0, pytest.param(60.0, marks=pytest.mark.thorough)])
def test_a_reader_in_a_loop_and_an_open_shell_fail_nothing(seconds: float, tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), small_source(tmp_path)
    with Loopback(latency_s=0.2) as server:
        command = [
            sys.executable,
            "-m",
            "featdisc_assets.commands.cli",
            "run",
            "--source",
            str(source),
            "--home",
            str(home.path),
        ]
        command += ["--model", MODEL, "--api-base", server.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            reader = Reader(home)
            reader.start()
            while server.total < 20 and run.poll() is None:
                time.sleep(0.02)
            shell = hold_open(home, seconds)
            assert shell.stdout is not None
            assert shell.stdout.readline() == "held\n"
            assert run.poll() is None, "the run must still be at work, or the shell proves nothing"
            _, told = run.communicate(timeout=300)
            reader.stop()
            shell.wait()
    assert run.returncode == 0, told
    assert reader.errors == []
    assert reader.answered > 20
    # Who waits says for whom.
    assert "held by" in told
    assert str(shell.pid) in told
    assert Warehouse(home.warehouse).scalar("select count(*) from cluster_names") > 0


@pytest.mark.thorough
def test_the_same_with_a_process_for_every_step(tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), small_source(tmp_path)
    done = featdisc("plan", "--source", str(source), home=home.path)
    assert done.returncode == 0, done.stderr
    with dagster_ui(home.path, FEATDISC_EXECUTOR="multiprocess") as ui:
        reader = Reader(home)
        reader.start()
        run_id = ui.launch()
        while Warehouse(home.warehouse).scalar("select count(*) from rated_texts") == 0:
            time.sleep(0.2)
        shell = hold_open(home, 60.0)
        assert ui.wait(run_id, 900) == "SUCCESS"
        reader.stop()
        shell.wait()
    assert reader.errors == []
    assert reader.answered > 100


def test_the_published_copy_may_be_held_open_for_ever(tmp_path: Path, small_home: Home) -> None:
    home = copy_of(small_home, tmp_path)
    with duckdb.connect(str(home.published), read_only=True) as held:
        before = held.execute("select count(*) from transcripts").fetchall()
        assert held.execute("select count(*) from embeddings").fetchall() == [(0,)]
        assert held.execute("select count(*) from cluster_prevalence").fetchall() != [(0,)]
        done = featdisc("run", "--source", str(small_source(tmp_path, 8)), home=home.path)
        assert done.returncode == 0, done.stderr
        # The old copy stays what it was for who has it open; who opens it now sees the new one.
        assert held.execute("select count(*) from transcripts").fetchall() == before == [(24,)]
    with duckdb.connect(str(home.published), read_only=True) as fresh:
        assert fresh.execute("select count(*) from transcripts").fetchall() == [(8,)]


def test_a_home_that_is_moved_goes_on_and_leaves_others_alone(tmp_path: Path, small_home: Home) -> None:
    source, one = small_source(tmp_path, 6), Home(tmp_path / "one")
    assert featdisc("run", "--source", str(source), home=one.path).returncode == 0
    other = copy_of(small_home, tmp_path)
    (one.path / "prompts" / "name").mkdir(parents=True)
    assert featdisc("prompt", "name/cluster", home=one.path).returncode == 0
    before = other.warehouse.stat().st_mtime_ns, other.answers.stat().st_mtime_ns
    moved = Home(one.path.rename(tmp_path / "moved to here"))
    done = featdisc("refresh", "--dry-run", home=moved.path)
    assert done.stdout.strip() == "nothing is out of date", done.stdout + done.stderr
    asked = Warehouse(moved.warehouse).scalar("select count(*) from ratings")
    done = featdisc("run", home=moved.path)
    assert done.returncode == 0, done.stderr
    assert Warehouse(moved.warehouse).scalar("select count(*) from ratings") == asked
    assert not one.path.exists()
    assert (other.warehouse.stat().st_mtime_ns, other.answers.stat().st_mtime_ns) == before

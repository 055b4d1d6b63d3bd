"""Runs of the UI that are killed or cancelled: the next one ends as an undisturbed one does, and pays only the rest."""

import contextlib
import random
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from featdisc_assets.home.places import Home
from tests.conftest import featdisc, small_source
from tests.dagster_ui import DagsterUi, dagster_ui
from tests.end_to_end.test_pipeline import settled
from tests.loopback.server import MODEL, Loopback

pytestmark = [pytest.mark.slow, pytest.mark.thorough]
LEDGER = {"ratings", "spend"}
CONCURRENCY = 4


def processes(ui: DagsterUi, *words: str) -> list[psutil.Process]:
    """Processes below the UI whose command line holds all the words."""
    below = psutil.Process(ui.server.pid).children(recursive=True)
    return [process for process in below if all(word in " ".join(process.cmdline()) for word in words)]


def kill_code_server(ui: DagsterUi) -> None:
    """The process that holds the definitions, and with it the runs it started."""
    _kill(processes(ui, "api", "grpc"))


def kill_daemon(ui: DagsterUi) -> None:
    """What queues runs and watches over them."""
    _kill(processes(ui, "dagster._daemon"))


def kill_run(ui: DagsterUi) -> None:
    """The process in which the steps run."""
    _kill(processes(ui, "multiprocessing.spawn"))


def kill_all(ui: DagsterUi) -> None:
    """As a machine does that is switched off."""
    _kill([*processes(ui), psutil.Process(ui.server.pid)])


def _kill(victims: list[psutil.Process]) -> None:
    assert victims, "there must be something to kill, or the test proves nothing"
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def undisturbed(folder: Path, server: Loopback, given: list[str]) -> dict[str, str]:
    home = Home(folder / "whole")
    assert featdisc("run", *given, home=home.path).returncode == 0
    return {name: digest for name, digest in settled(home).items() if name not in LEDGER}


@pytest.mark.parametrize("kill", [kill_code_server, kill_daemon, kill_run, kill_all])
def test_killed_in_the_ui_the_next_run_ends_as_if_nothing_had_been(
    kill: Callable[[DagsterUi], None], tmp_path: Path
) -> None:
    source, moments = small_source(tmp_path), random.Random(kill.__name__)
    with Loopback(latency_s=0.1) as server:
        given = ["--source", str(source), "--model", MODEL, "--api-base", server.url]
        whole = undisturbed(tmp_path, server, given)
        needed = server.total
        server.requests.clear()
        home = Home(tmp_path / "killed")
        assert featdisc("plan", *given, home=home.path).returncode == 0
        until = int(needed * moments.uniform(0.2, 0.8))
        with dagster_ui(home.path) as ui:
            ui.launch(config={"ops": {"features": {"config": {"max_concurrency": CONCURRENCY}}}})
            deadline = time.monotonic() + 120
            while server.total < until and time.monotonic() < deadline:
                time.sleep(0.02)
            assert server.total >= until, "the run must be at work when it is killed"
            kill(ui)
            time.sleep(1.0)
        done = featdisc("run", home=home.path)
        assert done.returncode == 0, done.stderr
        # Naming and interest ask 32 at a time, rating four.
        assert needed <= server.total <= needed + 32
    assert {name: digest for name, digest in settled(home).items() if name not in LEDGER} == whole


def test_a_run_cancelled_in_the_ui_loses_nothing(tmp_path: Path) -> None:
    source = small_source(tmp_path)
    with Loopback(latency_s=0.2) as server:
        given = ["--source", str(source), "--model", MODEL, "--api-base", server.url]
        whole = undisturbed(tmp_path, server, given)
        needed = server.total
        server.requests.clear()
        home = Home(tmp_path / "cancelled")
        assert featdisc("plan", *given, home=home.path).returncode == 0
        with dagster_ui(home.path) as ui:
            config = {"ops": {"features": {"config": {"max_concurrency": CONCURRENCY}}}}
            run_id = ui.launch(config=config)
            while server.total < needed * 0.3 and ui.status(run_id) != "FAILURE":
                time.sleep(0.05)
            ui.cancel(run_id)
            assert ui.wait(run_id) == "CANCELED"
            assert ui.wait(ui.launch()) == "SUCCESS"
        # Calls in flight were paid, and got their time to land.
        assert server.total == needed
    assert {name: digest for name, digest in settled(home).items() if name not in LEDGER} == whole

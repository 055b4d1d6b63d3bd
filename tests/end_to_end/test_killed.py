"""A run that is killed again and again ends where an undisturbed one ends, and pays at most for what was in flight."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc, small_source
from tests.end_to_end.test_pipeline import settled
from tests.loopback.server import MODEL, Loopback

CONCURRENCY = 4
_CONFIG = "".join(
    f"{asset}: {{max_concurrency: {CONCURRENCY}}}\n" for asset in ("features", "cluster_names", "cluster_interest")
)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.thorough)])
def test_killed_at_random_moments_it_finishes_the_same_and_pays_for_nothing_twice(tmp_path: Path, kills: int) -> None:
    source = small_source(tmp_path, 24)
    config = tmp_path / "config.yaml"
    config.write_text(_CONFIG, encoding="utf-8")
    whole, killed = Home(tmp_path / "whole"), Home(tmp_path / "killed")
    moments = random.Random(1)
    with Loopback(latency_s=0.05) as server:
        given = ["--source", str(source), "--config", str(config), "--model", MODEL, "--api-base", server.url]
        done = featdisc("run", *given, home=whole.path)
        assert done.returncode == 0, done.stderr
        needed = server.total

        server.requests.clear()
        for number in range(kills):
            # Spread over the asking: after so many answers more, and a moment that falls where it will.
            share = needed * (number + 1) / (kills + 1)
            _kill_in_the_middle(given, killed, server, int(share), moments.uniform(0, 0.3))
        done = featdisc("run", *given, home=killed.path)
        assert done.returncode == 0, done.stderr

    assert needed <= server.total <= needed + kills * CONCURRENCY
    ledger = {"ratings", "spend"}
    assert {name: digest for name, digest in settled(killed).items() if name not in ledger} == {
        name: digest for name, digest in settled(whole).items() if name not in ledger
    }
    db = Warehouse(killed.warehouse)
    assert db.scalar("select count(*) from ratings where status not in ('ok', 'repaired', 'too_few')") == 0


def _kill_in_the_middle(given: list[str], home: Home, server: Loopback, until: int, then_s: float) -> None:
    """Start a run and kill it some time after the server has had so many requests."""
    command = [sys.executable, "-m", "featdisc_assets.commands.cli", "run", *given, "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        while server.total < until and run.poll() is None:
            time.sleep(0.005)
        time.sleep(then_s)
        run.send_signal(signal.SIGKILL)
        run.wait()

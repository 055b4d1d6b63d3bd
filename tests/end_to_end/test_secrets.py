"""No key reaches anything that is written or printed, whatever the server does with it."""

from pathlib import Path

import pytest

from featdisc_assets.home.places import Home
from tests.conftest import featdisc, small_source
from tests.loopback.faults import FAULTS
from tests.loopback.server import MODEL, Loopback, Plan, in_turn

# Neither shaped like a provider's key nor unlike every word: only its being in the environment gives it away.
KEY = "correct-horse-battery-staple-7731"
STOPS = ("auth", "quota", "unknown_model")
# Those that hold an answer back for half a minute have no words of their own.
RIDES_OUT = [name for name in FAULTS if name not in (*STOPS, "stall", "stalled_body")]


def one_of_each(number: int, prompt: str) -> str | None:
    """Every second request meets a fault, all in turn."""
    return RIDES_OUT[number // 2 % len(RIDES_OUT)] if number % 2 else None


@pytest.mark.slow
def test_a_planted_key_is_nowhere_in_a_home_after_every_fault(tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), small_source(tmp_path, 24)
    printed = []

    def run(plan: Plan, *, ends_well: bool) -> None:
        with Loopback(plan=plan) as server:
            given = ["--source", str(source), "--model", MODEL, "--api-base", server.url]
            done = featdisc("run", *given, home=home.path, OPENAI_API_KEY=KEY)
        assert (done.returncode == 0) == ends_well, done.stderr
        printed.append(done.stdout + done.stderr)

    for fault in STOPS:
        run(in_turn(*[fault] * 50), ends_well=False)
        assert "then run again: every answer so far is kept" in printed[-1]
    run(one_of_each, ends_well=True)

    assert not any(KEY in text for text in printed)
    files = [path for path in home.path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    # The search is no empty one: the server did repeat the key, and what stands in its place is there.
    assert any(b"[OPENAI_API_KEY]" in path.read_bytes() for path in files)

"""A pass killed at any step is resumed by the next: nothing is lost or paid twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.ask import BatchUsage
from featdisc_assets.llm.batch.batch_store import BatchStore
from featdisc_assets.llm.request import Request
from tests.llm.asking import FEATURES, ask, two_features
from tests.llm.batching import Killed, batches, ratings
from tests.loopback.server import Loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(answer=two_features) as server:
        yield server


STEPS = [
    (BatchStore, "begin"),
    (BatchStore, "add"),
    (BatchStore, "save"),
    (BatchStore, "awaited"),
    (BatchStore, "import_results"),
    (BatchStore, "forget_done"),
    (BatchApi, "upload"),
    (BatchApi, "create"),
    (BatchApi, "retrieve"),
]


@pytest.mark.parametrize("nth", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
def test_killed_at_any_step_nothing_is_lost_or_asked_twice(
    tmp_path: Path, server: Loopback, owner: type, step: str, when: str, nth: int
) -> None:
    requests = ratings(60, server)
    calls = Counter[str]()
    plain = getattr(owner, step)

    def killing(*given: Any) -> Any:  # noqa: ANN401
        calls[step] += 1
        if calls[step] != nth:
            return plain(*given)
        if when == "before":
            raise Killed
        done = plain(*given)
        if not hasattr(done, "__await__"):
            raise Killed

        async def and_then() -> None:
            await done
            raise Killed

        return and_then()

    with AnswerStore(tmp_path / "answers.sqlite") as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, step, killing)
        try:
            batches(requests, store)
        except Killed:
            pass
        else:
            assert calls[step] < nth
    _check_resumed(tmp_path, server, requests)


def _check_resumed(tmp_path: Path, server: Loopback, requests: list[Request]) -> None:
    """Check that a second pass and `ask_all` give every answer, and that every request was paid once."""
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        batches(requests, store)
        outcomes = ask(requests, store)
        assert [outcome.value.features for outcome in outcomes] == [FEATURES] * len(requests)
        assert server.total == 0
        once = Counter(request.key for request in requests)
        assert server.batches.executed == once
        # This server answers a batch when it is polled; a real one also answers batches that no run knows of.
        assert Counter(row["custom_id"] for made in server.batches.batches.values() for row in made.rows) == once
        assert store.count_by_status() == {"ok": len(requests)}
        assert BatchStore(store).unfinished() == []


def test_an_interrupted_import_takes_no_result_twice(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featdisc_assets.llm.batch.rows._BLOCK", 7)
    requests = ratings(60, server)
    for nth in (2, 3, 4):
        calls = Counter[str]()
        plain = BatchStore.import_results

        def killing(*given: Any, nth: int = nth, calls: Counter[str] = calls, plain: Any = plain) -> Any:  # noqa: ANN401
            calls["import_results"] += 1
            if calls["import_results"] == nth:
                raise Killed
            return plain(*given)

        with AnswerStore(tmp_path / "answers.sqlite") as store, pytest.MonkeyPatch.context() as patch:
            patch.setattr(BatchStore, "import_results", killing)
            with pytest.raises(Killed):
                batches(requests, store, max_requests=60)
    _check_resumed(tmp_path, server, requests)


def test_a_batch_without_wanted_requests_is_polled_and_left(store: AnswerStore, server: Loopback) -> None:
    server.batches.ends = lambda number: "endless" if number == 0 else "completed"
    old, new = ratings(5, server), ratings(9, server)[5:]
    with pytest.raises(Killed):
        batches(old, store, on_progress=_killer())
    usage = batches(new, store)
    assert (usage.imported, usage.under_way) == (4, 1)
    assert batches([], store).under_way == 1

    [endless] = [batch for batch in server.batches.batches.values() if batch.states[:1] == ["endless"]]
    endless.states = ["completed"]
    usage = batches([], store)
    assert (usage.imported, usage.under_way, server.batches.requests["create"]) == (5, 0, 2)


def _killer() -> Callable[[BatchUsage], None]:
    def kill(usage: BatchUsage) -> None:
        if usage.under_way:
            raise Killed

    return kill


_CHILD = """
import sys
from pathlib import Path
from featdisc_assets.llm.batch.ask import ask_in_batches
from featdisc_assets.llm.answer_store import AnswerStore
from tests.llm.asking import rating
class Server:
    url = sys.argv[2]
with AnswerStore(Path(sys.argv[1])) as store:
    requests = (rating(f"no. {number}", Server) for number in range(60))
    ask_in_batches(requests, store=store, poll_s=0.01, max_requests=20)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "nth"),
    [
        ("upload", 1),
        ("uploaded", 1),
        ("uploaded", 3),
        ("create", 2),
        ("created", 1),
        ("created", 3),
        ("retrieve", 5),
        ("content", 2),
        ("half", 1),
        ("half", 3),
    ],
)
def test_kill_9_at_any_moment_loses_nothing_and_pays_nothing_twice(
    tmp_path: Path, server: Loopback, moment: str, nth: int
) -> None:
    seen = Counter[str]()
    children: list[subprocess.Popen[bytes]] = []

    def kill(name: str) -> None:
        seen[name] += 1
        if name == moment and seen[name] == nth:
            children[0].kill()
            children[0].wait()  # ended before the response is sent

    server.batches.hook = kill
    command = [sys.executable, "-c", _CHILD, str(tmp_path / "answers.sqlite"), server.url]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    children.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE))
    _, stderr = children[0].communicate(timeout=120)
    assert children[0].returncode == -signal.SIGKILL, stderr
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {"answers"}

    server.batches.hook = lambda name: None
    _check_resumed(tmp_path, server, ratings(60, server))

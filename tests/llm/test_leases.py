"""Two runs on one home never ask the same request at once."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.leases import Leases
from tests.llm.asking import FEATURES, ask, rating, statuses, two_features
from tests.loopback.server import Loopback, in_turn


def test_a_request_is_leased_by_one_run_until_it_is_released(store: AnswerStore) -> None:
    one, other = Leases(store), Leases(store)
    assert one.acquire(["a", "b"]) == {"a", "b"}
    assert one.acquire(["a"]) == {"a"}
    assert other.acquire(["b", "c"]) == {"c"}
    one.release(["b"])
    assert other.acquire(["a", "b"]) == {"b"}
    one.release_all()
    assert other.acquire(["a"]) == {"a"}


def test_a_file_with_the_former_table_of_leases_opens(store: AnswerStore) -> None:
    with store.transaction() as connection:
        connection.execute("create table claims (request_key text primary key, owner text not null) without rowid")
        connection.execute("insert into claims values ('a', 'a run that was killed')")
    assert Leases(store).acquire(["a"]) == {"a"}


def test_heartbeat_counts_the_other_runs(store: AnswerStore) -> None:
    one, other = Leases(store), Leases(store)
    assert one.heartbeat() == 0
    assert other.heartbeat() == 1
    other.release_all()
    assert one.heartbeat() == 0


_KILLED = """
import os, sys
from pathlib import Path
from featdisc_assets.llm.leases import Leases
from featdisc_assets.llm.answer_store import AnswerStore
assert Leases(AnswerStore(Path(sys.argv[1]))).acquire(["a"]) == {"a"}
os.kill(os.getpid(), 9)
"""


def test_leases_of_a_killed_run_expire_at_once(store: AnswerStore) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", _KILLED, str(store.path)], env=environment, check=False)
    assert done.returncode == -9
    assert Leases(store).acquire(["a"]) == {"a"}


def test_leases_of_a_silent_run_on_another_machine_expire(store: AnswerStore) -> None:
    far, here = Leases(store), Leases(store)
    far.acquire(["a"])
    with store.transaction() as connection:
        connection.execute("update lease_owners set host = 'elsewhere'")
    assert here.acquire(["a"]) == set()
    with store.transaction() as connection:
        connection.execute("update lease_owners set heartbeat_at = heartbeat_at - 61000000 where host = 'elsewhere'")
    assert here.acquire(["a"]) == {"a"}


def test_two_runs_over_the_same_requests_ask_each_once(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    found: list[list[str]] = []

    def run(server: Loopback) -> None:
        with AnswerStore(path) as store:
            found.append([outcome.status for outcome in ask([rating(str(n), server) for n in range(300)], store)])

    with Loopback(answer=two_features, latency_s=0.05) as server:
        threads = [threading.Thread(target=run, args=(server,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [["ok"] * 300] * 2
        assert server.total == 300
    with AnswerStore(path) as store:
        assert Leases(store).heartbeat() == 0


def test_a_request_released_by_another_run_is_asked(store: AnswerStore) -> None:
    """The other run's attempts have failed for a passing reason, and it ends."""
    with Loopback(plan=in_turn("server_error"), answer=two_features) as server:
        request = rating("a", server)
        with AnswerStore(store.path) as theirs:
            other = Leases(theirs)
            other.acquire([request.key])
            threading.Timer(0.5, other.release_all).start()
            started = time.monotonic()
            [outcome] = ask([request], store)
        assert time.monotonic() - started >= 0.4
        assert (outcome.status, outcome.value.features) == ("ok", FEATURES)
        assert statuses(store, request) == ["server_error", "ok"]

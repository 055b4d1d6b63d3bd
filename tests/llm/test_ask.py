"""`ask_all` as a caller sees it: order, no request asked twice, no answer lost."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import FeatureList
from featdisc_assets.llm.ask import ask_all
from featdisc_assets.llm.faults import ModelError
from featdisc_assets.llm.progress import Progress
from featdisc_assets.llm.request import Request
from tests.llm.asking import FEATURES, ask, quick, rating, statuses, two_features
from tests.loopback.server import MODEL, Loopback, in_turn


def ratings(n: int, server: Loopback) -> list[Request]:
    return [rating(str(number), server) for number in range(n)]


def test_outcomes_come_in_input_order_and_are_asked_only_once(store: AnswerStore) -> None:
    slow_first = in_turn("rate_limit_bare", None, "server_error")
    with Loopback(plan=slow_first, answer=two_features) as server:
        requests = ratings(60, server)
        outcomes = ask(requests, store, max_concurrency=8)
        assert [outcome.request for outcome in outcomes] == requests
        assert {tuple(outcome.value.features) for outcome in outcomes} == {tuple(FEATURES)}
        assert server.total == 62

        again = ask(requests, store)
        assert [(outcome.status, outcome.from_store, outcome.value) for outcome in again] == [
            (outcome.status, True, outcome.value) for outcome in outcomes
        ]
        assert server.total == 62


def test_equal_requests_share_one_call(store: AnswerStore) -> None:
    with Loopback(answer=two_features, latency_s=0.05) as server:
        outcomes = ask([rating("same", server)] * 5, store, max_concurrency=5)
        assert [outcome.status for outcome in outcomes] == ["ok"] * 5
        assert [outcome.from_store for outcome in outcomes] == [False, True, True, True, True]
        assert server.total == 1


def test_no_more_calls_are_in_flight_than_allowed(store: AnswerStore) -> None:
    with Loopback(answer=two_features, latency_s=0.02) as server:
        ask(ratings(40, server), store, max_concurrency=6)
        assert server.most_in_flight == 6


def test_the_input_is_read_only_a_window_ahead(store: AnswerStore) -> None:
    read = 0

    def endless(server: Loopback) -> Iterator[Request]:
        nonlocal read
        while True:
            read += 1
            yield rating(str(read % 7), server)

    with Loopback(answer=two_features) as server:
        outcomes = ask_all(endless(server), store=store)
        for _ in range(1000):
            next(outcomes)
        assert read < 2000
        outcomes.close()
        assert server.total == 7


def test_closing_early_stores_calls_in_flight_and_sends_nothing_more(store: AnswerStore) -> None:
    with Loopback(answer=two_features, latency_s=0.1) as server:
        requests = ratings(100, server)
        outcomes = ask_all(requests, store=store, limits=quick(8))
        for _ in range(10):
            next(outcomes)
        outcomes.close()
        sent = server.total
        assert sent <= 10 + 2 * 8
        assert store.count_by_status() == {"ok": sent}
        time.sleep(0.2)
        assert server.total == sent

        ask(requests, store, max_concurrency=50)
        assert server.total == 100


_RUN = """
import sys
from pathlib import Path
from featdisc_assets.llm.answer_store import AnswerStore
from tests.llm.asking import ask, rating
class Server: url = sys.argv[1]
with AnswerStore(Path(sys.argv[2])) as store:
    ask([rating(str(number), Server) for number in range(120)], store, max_concurrency=4)
"""


@pytest.mark.slow
def test_a_killed_run_repeats_at_most_the_calls_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with Loopback(answer=two_features, latency_s=0.02) as server:
        command = [sys.executable, "-c", _RUN, server.url, str(path)]
        kills = 0
        for until in (20, 50, 90):
            with subprocess.Popen(command, env=environment) as run:
                while server.total < until:
                    assert run.poll() is None
                    time.sleep(0.005)
                run.kill()
            kills += 1
        with AnswerStore(path) as store:
            outcomes = ask(ratings(120, server), store)
            assert [outcome.status for outcome in outcomes] == ["ok"] * 120
        assert 120 <= server.total <= 120 + kills * 4


def test_a_stored_answer_without_a_status_is_validated_without_asking(store: AnswerStore) -> None:
    """The state after a kill between receiving and validating; a broken answer is repaired by one re-ask."""
    with Loopback(plan=in_turn("broken_json"), answer=two_features) as server:
        good, broken = rating("good", server), rating("broken", server)
        ask([broken, good], store, max_concurrency=1)
        for request in (good, broken):
            for attempt in store.lookup([request.key])[request.key]:
                store.set_status(attempt, "answered")
        assert [outcome.status for outcome in ask([good, broken], store)] == ["ok", "repaired"]
        assert statuses(store, good) == ["ok"]
        assert server.total == 3


def test_a_stored_broken_answer_is_repaired_by_a_re_ask(store: AnswerStore) -> None:
    with Loopback(plan=in_turn("broken_json", "refusal"), answer=two_features, keep=True) as server:
        request = rating("a", server)
        ask([request], store)
        broken, refused = store.lookup([request.key])[request.key]
        store.set_status(broken, "answered")
        store.set_status(refused, "connection")
        [outcome] = ask([request], store)
        assert (outcome.status, outcome.value.features) == ("repaired", FEATURES)
        assert [message["role"] for message in server.bodies[-1]["messages"]] == ["user", "assistant", "user"]
        assert statuses(store, request) == ["invalid", "connection", "repaired"]
        assert server.total == 3


def test_too_few_is_accepted_and_counted(store: AnswerStore) -> None:
    with Loopback(answer=lambda prompt: '{"features": []}') as server:
        request = rating("a", server)
        for from_store in (False, True):
            [outcome] = ask([request], store)
            assert (outcome.status, outcome.value.features, outcome.from_store) == ("too_few", [], from_store)
        assert server.total == 1


def test_stored_answers_need_neither_litellm_nor_instructor(store: AnswerStore) -> None:
    with Loopback(answer=two_features) as server:
        ask([rating("a", server)], store)
        store.flush()
        script = (
            "import sys\nfrom pathlib import Path\nfrom featdisc_assets.llm.answer_store import AnswerStore\n"
            "from featdisc_assets.llm.ask import ask_all\nfrom featdisc_assets.llm.request import Params, Request\n"
            "from featdisc_assets.llm.answers import FeatureList\n"
            "model, prompt, path = sys.argv[1:]\n"
            "request = Request('rate', 'a', model, 'v', prompt, FeatureList, Params())\n"
            "print([outcome.status for outcome in ask_all([request], store=AnswerStore(Path(path)))])\n"
            "print([name for name in ('litellm', 'instructor', 'openai') if name in sys.modules])\n"
        )
        command = [sys.executable, "-c", script, MODEL, rating("a", server).prompt, str(store.path)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == ["['ok']", "[]"]


async def test_it_works_while_a_loop_is_running(store: AnswerStore) -> None:
    with Loopback(answer=two_features) as server:
        assert [outcome.status for outcome in ask(ratings(3, server), store)] == ["ok"] * 3


def test_two_runs_at_once_in_one_program(store: AnswerStore) -> None:
    found: list[int] = []
    with Loopback(answer=two_features) as server:
        threads = [
            threading.Thread(target=lambda: found.append(len(ask(ratings(30, server), store)))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert found == [30, 30]


def test_progress_ends_with_the_whole_count(store: AnswerStore) -> None:
    reports: list[Progress] = []
    with Loopback(plan=in_turn("refusal"), answer=two_features) as server:
        ask(ratings(12, server), store, on_progress=reports.append)
        asked = reports[-1]
        assert (asked.done, asked.failed, asked.from_store, asked.in_flight) == (12, 1, 0, 0)
        assert (asked.requests, asked.tokens_in, asked.tokens_out) == (
            server.total,
            server.tokens_in,
            server.tokens_out,
        )
        ask(ratings(12, server), store, on_progress=reports.append)
    again = reports[-1]
    assert (again.done, again.failed, again.from_store, again.in_flight, again.requests) == (12, 1, 12, 0, 0)


def test_progress_is_reported_while_no_outcome_comes(store: AnswerStore) -> None:
    reports: list[Progress] = []
    with Loopback(answer=two_features, latency_s=2.5) as server:
        ask(ratings(1, server), store, on_progress=reports.append)
    assert [(report.done, report.in_flight) for report in reports[:-1]] == [(0, 1)] * (len(reports) - 1)
    assert len(reports) >= 2


def test_a_model_that_cannot_be_asked_stops_before_anything_is_sent(
    store: AnswerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    request = Request("rate", "a", "anthropic/claude-sonnet-4-5", "v", "prompt", FeatureList)
    with pytest.raises(ModelError, match="needs ANTHROPIC_API_KEY in the environment"):
        ask([request], store)
    assert store.count_by_status() == {}

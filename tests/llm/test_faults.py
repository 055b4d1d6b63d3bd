"""Each fault of a server: its status, the number of HTTP requests it costs, and whether a later run asks again."""

import time
from pathlib import Path

import pytest

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.faults import MachineFault, excerpt, retry_after
from tests.llm.asking import FEATURES, ask, rating, statuses, two_features
from tests.loopback.server import Loopback, in_turn


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        ("rate_limit", ["rate_limited", "ok"]),
        ("rate_limit_ms", ["rate_limited", "ok"]),
        ("rate_limit_bare", ["rate_limited", "ok"]),
        ("server_error", ["server_error", "ok"]),
        ("overloaded", ["server_error", "ok"]),
        ("html", ["server_error", "ok"]),
        ("stall", ["timeout", "ok"]),
        ("stalled_body", ["timeout", "ok"]),
        ("reset", ["connection", "ok"]),
        ("reset_in_body", ["connection", "ok"]),
        ("empty", ["empty", "ok"]),
        ("no_choices", ["empty", "ok"]),
        ("no_usage", ["ok"]),
        ("thoughts_first", ["ok"]),
        ("fenced", ["repaired"]),
        ("prose", ["repaired"]),
        ("broken_json", ["invalid", "repaired"]),
        ("wrong_schema", ["invalid", "repaired"]),
        ("truncated", ["truncated", "ok"]),
        ("thoughts_only", ["truncated", "ok"]),
    ],
)
def test_a_passing_fault_costs_one_request_per_attempt(store: AnswerStore, fault: str, attempts: list[str]) -> None:
    with Loopback(plan=in_turn(fault), answer=two_features) as server:
        request = rating("a", server)
        [outcome] = ask([request], store, timeout_s=1.5 if "stall" in fault else 20)
        assert (outcome.status, outcome.value.features) == (attempts[-1], FEATURES)
        assert statuses(store, request) == attempts
        assert server.total == len(attempts)


@pytest.mark.parametrize(
    ("fault", "attempts", "asked_again"),
    [
        ("rate_limit_ms", ["rate_limited"] * 12, True),  # four times as many attempts
        ("server_error", ["server_error"] * 3, True),
        ("stall", ["timeout"] * 3, True),
        ("reset", ["connection"] * 3, True),
        ("empty", ["empty"] * 3, True),
        ("broken_json", ["invalid"] * 2, False),
        ("truncated", ["truncated"] * 2, False),
        ("refusal", ["refused"], False),
        ("refusal_in_prose", ["refused"], False),
        ("content_filter", ["content_filter"], False),
        ("prompt_filter", ["content_filter"], False),
        ("context_length", ["context_length"], False),
        ("bad_request", ["rejected"], False),
    ],
)
def test_a_lasting_fault_is_classified_and_asked_again_only_if_it_may_pass(
    store: AnswerStore, fault: str, attempts: list[str], asked_again: bool
) -> None:
    with Loopback(plan=lambda number, prompt: fault, answer=two_features) as server:
        request = rating("a", server)
        [outcome] = ask([request], store, timeout_s=1.0 if fault == "stall" else 20)
        assert (outcome.status, outcome.value, outcome.answered) == (attempts[-1], None, False)
        assert statuses(store, request) == attempts
        assert server.total == len(attempts)

        server.plan = in_turn()
        [later] = ask([request], store)
        assert later.from_store is not asked_again
        assert later.status == ("ok" if asked_again else attempts[-1])
        assert server.total == len(attempts) + asked_again

        [forced] = ask([request], store, retry_failed=True)
        assert forced.answered


@pytest.mark.parametrize(
    ("fault", "status", "expected"),
    [
        ("auth", "auth", "refused the key"),
        ("quota", "quota", "no credit"),
        ("unknown_model", "unknown_model", "not know"),
    ],
)
def test_a_machine_fault_stops_the_run_with_one_sentence(
    store: AnswerStore, fault: str, status: str, expected: str
) -> None:
    with Loopback(plan=lambda number, prompt: fault if number >= 5 else None, answer=two_features) as server:
        requests = [rating(str(number), server) for number in range(400)]
        with pytest.raises(MachineFault, match=expected) as caught:
            ask(requests, store, max_concurrency=2)
        assert caught.value.status == status
        assert server.total <= 5 + 2
        assert store.count_by_status()["ok"] == 5

        server.plan = in_turn()
        outcomes = ask(requests, store, max_concurrency=16)
        assert [outcome.from_store for outcome in outcomes].count(True) == 5
        assert {outcome.status for outcome in outcomes} == {"ok"}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("bad_request", "rejected 20 requests"),
        ("reset", "could not be reached"),
        ("server_error", "left 20 requests to 'openai/loopback' without an answer"),
        ("truncated", "all of the first 20 answers .* raise max_tokens"),
        ("wrong_schema", "none of the first 20 answers"),
    ],
)
def test_requests_that_all_fail_alike_stop_the_run(store: AnswerStore, fault: str, expected: str) -> None:
    with Loopback(plan=lambda number, prompt: fault, answer=two_features) as server:
        requests = [rating(str(number), server) for number in range(200)]
        with pytest.raises(MachineFault, match=expected):
            ask(requests, store, max_concurrency=4, max_attempts=1)
        assert server.total < 60


def test_refusals_of_all_pieces_do_not_stop_the_run(store: AnswerStore) -> None:
    with Loopback(plan=lambda number, prompt: "refusal", answer=two_features) as server:
        outcomes = ask([rating(str(number), server) for number in range(100)], store)
        assert [outcome.status for outcome in outcomes] == ["refused"] * 100


def test_retry_after_holds_back_every_call(store: AnswerStore) -> None:
    with Loopback(plan=in_turn("rate_limit"), answer=two_features) as server:
        ask([rating("warm up", server)], store)  # loads modules, and is throttled once
        server.plan = lambda number, prompt: "rate_limit" if number == 2 else None
        started = time.monotonic()
        ask([rating(str(number), server) for number in range(6)], store, max_concurrency=1)
        assert 0.2 <= time.monotonic() - started < 2
        assert server.total == 2 + 7


def test_a_truncated_answer_is_asked_for_with_a_larger_limit(store: AnswerStore) -> None:
    with Loopback(plan=in_turn("truncated"), answer=two_features, keep=True) as server:
        ask([rating("a", server, max_tokens=100)], store)
        assert [body["max_tokens"] for body in server.bodies] == [100, 300]


def test_missing_usage_leaves_tokens_and_cost_unknown(store: AnswerStore) -> None:
    with Loopback(plan=in_turn("no_usage"), answer=two_features) as server:
        request = rating("a", server)
        ask([request], store)
        [attempt] = store.lookup([request.key])[request.key]
        assert (attempt.tokens_in, attempt.tokens_out, attempt.cost_usd) == (None, None, None)


def test_the_ledger_counts_what_the_server_billed(store: AnswerStore) -> None:
    faults = [
        "broken_json",
        "empty",
        "truncated",
        "refusal",
        "fenced",
        "server_error",
        "rate_limit_ms",
        "content_filter",
    ]
    with Loopback(plan=in_turn(*faults), answer=two_features) as server:
        outcomes = ask([rating(str(number), server) for number in range(20)], store, max_concurrency=4)
        attempts = list(store.attempts())
        assert len(attempts) == server.total
        assert sum(attempt.tokens_in or 0 for attempt in attempts) == server.tokens_in
        assert sum(attempt.tokens_out or 0 for attempt in attempts) == server.tokens_out
        assert sum(outcome.answered for outcome in outcomes) == 18


def test_keys_never_reach_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    planted = "planted-0123456789-secret"
    monkeypatch.setenv("OPENAI_API_KEY", planted)

    faults = ["auth", "quota", "unknown_model", "bad_request", "reset", "broken_json", "html", "refusal"]
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        for fault in faults:
            with Loopback(plan=lambda number, prompt, fault=fault: fault, answer=two_features) as server:  # type: ignore[misc]
                try:
                    ask([rating(fault, server)], store, max_attempts=1)
                except MachineFault as error:
                    assert "[OPENAI_API_KEY]" in str(error) or fault != "auth"
                    assert planted not in repr(error)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert planted.encode() not in stored
    assert planted not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("bad key sk-proj-abcdefgh12345", "bad key [secret]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
        ("at http://me:pass@host/v1", "at http://[secret]@host/v1"),
        ("the key risk-averse sk-1", "the key risk-averse sk-1"),
        ("two\n lines", "two lines"),
    ],
)
def test_excerpts_hide_keys(text: str, kept: str) -> None:
    assert excerpt(text) == kept


def test_excerpts_hide_keys_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "no-known-shape")
    assert excerpt("you sent no-known-shape") == "you sent [SOME_API_KEY]"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_retry_after(headers: dict[str, str] | None, seconds: float | None) -> None:
    assert retry_after(headers) == seconds

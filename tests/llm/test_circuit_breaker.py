"""When the circuit breaker stops a run."""

import pytest

from featdisc_assets.llm.circuit_breaker import CircuitBreaker


@pytest.mark.parametrize("status", ["rejected", "connection", "timeout", "server_error", "truncated", "invalid"])
def test_twenty_equal_failures_before_any_answer_stop_the_run(status: str) -> None:
    breaker = CircuitBreaker()
    assert [breaker.record_failure(status) for _ in range(20)] == [0] * 19 + [20]


@pytest.mark.parametrize("status", ["refused", "content_filter", "context_length"])
def test_refusals_of_single_requests_never_stop_a_run(status: str) -> None:
    breaker = CircuitBreaker()
    assert not any(breaker.record_failure(status) for _ in range(1_000))


def test_after_an_answer_two_hundred_failures_stop_the_run() -> None:
    breaker = CircuitBreaker()
    breaker.record_answer()
    assert [breaker.record_failure("timeout") for _ in range(200)] == [0] * 199 + [200]


def test_an_answer_resets_the_count() -> None:
    breaker = CircuitBreaker()
    for _ in range(1_000):
        assert [breaker.record_failure("server_error") for _ in range(10)] == [0] * 10
        breaker.record_answer()


def test_after_an_answer_truncated_answers_never_stop_a_run() -> None:
    breaker = CircuitBreaker()
    breaker.record_answer()
    assert not any(breaker.record_failure("truncated") for _ in range(1_000))


def test_a_server_never_reached_is_given_ten_seconds() -> None:
    now = 0.0
    breaker = CircuitBreaker(clock=lambda: now)
    assert not any(breaker.record_attempt("connection") for _ in range(100))
    now = 9.9
    assert not breaker.record_attempt("connection")
    now = 10.1
    assert breaker.record_attempt("connection")


def test_after_contact_lost_connections_are_counted_by_request() -> None:
    now = 0.0
    breaker = CircuitBreaker(clock=lambda: now)
    breaker.record_attempt("rate_limited")
    now = 100.0
    assert not any(breaker.record_attempt("connection") for _ in range(100))

"""When a run gives up, and when it does not."""

import pytest

from featdisc_assets.llm.circuit_breaker import CircuitBreaker


@pytest.mark.parametrize("status", ["rejected", "connection", "timeout", "server_error", "truncated", "invalid"])
def test_twenty_equal_failures_before_any_answer_are_no_accident(status: str) -> None:
    breaker = CircuitBreaker()
    assert [breaker.record_failure(status) for _ in range(20)] == [0] * 19 + [20]


@pytest.mark.parametrize("status", ["refused", "content_filter", "context_length"])
def test_a_judgement_on_each_request_never_ends_a_run(status: str) -> None:
    breaker = CircuitBreaker()
    assert not any(breaker.record_failure(status) for _ in range(1_000))


def test_after_an_answer_it_takes_an_outage_of_two_hundred() -> None:
    breaker = CircuitBreaker()
    breaker.record_answer()
    assert [breaker.record_failure("timeout") for _ in range(200)] == [0] * 199 + [200]


def test_an_answer_between_starts_the_count_anew() -> None:
    breaker = CircuitBreaker()
    for _ in range(1_000):
        assert [breaker.record_failure("server_error") for _ in range(10)] == [0] * 10
        breaker.record_answer()


def test_after_an_answer_answers_too_long_are_each_ones_own_affair() -> None:
    breaker = CircuitBreaker()
    breaker.record_answer()
    assert not any(breaker.record_failure("truncated") for _ in range(1_000))


def test_a_server_never_heard_of_is_given_ten_seconds() -> None:
    now = 0.0
    breaker = CircuitBreaker(clock=lambda: now)
    assert not any(breaker.record_attempt("connection") for _ in range(100))
    now = 9.9
    assert not breaker.record_attempt("connection")
    now = 10.1
    assert breaker.record_attempt("connection")


def test_a_server_once_heard_of_is_left_to_the_count_of_requests() -> None:
    now = 0.0
    breaker = CircuitBreaker(clock=lambda: now)
    breaker.record_attempt("rate_limited")
    now = 100.0
    assert not any(breaker.record_attempt("connection") for _ in range(100))

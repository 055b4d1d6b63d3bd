"""The reported progress of a run, with a fake clock."""

import pytest

from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.gate import Gate, Limits
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.progress import Progress, Reporter
from featdisc_assets.llm.usage import Usage


def attempt(status: str = "answered", **fields: object) -> Attempt:
    return Attempt("key", "rate", "a", "model", "v", status, **fields)  # type: ignore[arg-type]


class Run:
    def __init__(self) -> None:
        self.now = 0.0
        self.reports: list[Progress] = []
        self.usage = Usage()
        self.reporter = Reporter(self.usage, Gate(Limits()), self.reports.append, clock=lambda: self.now)

    def second(self, outcomes: int, requests: int) -> None:
        self.now += 1.0
        self.usage.requests += requests
        for _ in range(outcomes):
            self.reporter.count(failed=False, from_store=False)


def test_rates_are_those_of_the_last_minute() -> None:
    run = Run()
    for _ in range(120):
        run.second(outcomes=10, requests=12)
    for _ in range(60):
        run.second(outcomes=1, requests=2)
    last = run.reports[-1]
    assert (last.done, last.requests, last.seconds) == (1_260, 1_560, 180.0)
    assert last.requests_a_minute == pytest.approx(120, rel=0.1)
    assert last.done_a_minute == pytest.approx(60, rel=0.2)


def test_progress_is_reported_once_a_second_and_at_the_end() -> None:
    run = Run()
    run.second(outcomes=500, requests=500)
    assert len(run.reports) == 1
    run.reporter.end()
    assert [progress.done for progress in run.reports] == [1, 500]


def test_tokens_and_dollars_of_failures_count() -> None:
    usage = Usage()
    price = Price(1e-6, 2e-6, 1e-6)
    usage.bill(attempt("truncated", raw="{", tokens_in=100, tokens_out=50, cost_usd=0.0002), 10, price)
    usage.bill(attempt(raw="{}", tokens_in=100, tokens_out=70, cost_usd=0.00024), 10, price)
    assert (usage.requests, usage.tokens_in, usage.tokens_out) == (2, 200, 120)
    assert usage.cost_usd == pytest.approx(0.00044)
    assert usage.answer_tokens() == 60


def test_the_cost_of_a_call_without_a_bill_is_guessed_for_the_budget_only() -> None:
    usage = Usage()
    price = Price(1e-6, 2e-6, 1e-6)
    usage.bill(attempt(raw="{}", tokens_in=100, tokens_out=50, cost_usd=0.0002), 10, price)
    guessed = usage.bill(attempt("timeout"), 100, price)
    assert guessed == pytest.approx(100 * 1e-6 + 50 * 2e-6)
    assert usage.bill(attempt("rate_limited"), 100, price) == 0.0
    assert usage.cost_usd == pytest.approx(0.0002)
    assert usage.guessed_usd == pytest.approx(guessed)


def test_answers_without_usage_are_counted_as_unpriced() -> None:
    usage = Usage()
    usage.bill(attempt(raw="{}"), 10, None)
    usage.bill(attempt("timeout"), 10, None)
    assert (usage.n_unpriced, usage.requests) == (1, 2)

"""Two thousand pieces and a faulty server: all have an outcome, every billed token is stored, none is asked twice."""

import random
from collections import Counter
from typing import Any

import pytest

from featdisc_assets.llm import faults
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.gate import Limits
from featdisc_assets.llm.prompts import open_fence
from tests.llm.asking import ask, rating, two_features
from tests.loopback.server import Loopback, in_turn

# Faults of single requests; most pass when asked again.
PASSING_BY = (
    "rate_limit", "rate_limit_ms", "rate_limit_bare", "server_error", "overloaded", "html", "reset", "reset_in_body",
    "empty", "no_choices", "fenced", "prose", "broken_json", "wrong_schema", "truncated", "thoughts_only",
    "thoughts_first", "no_usage",
)  # fmt: skip
# Faults of a piece in every attempt.
LASTING = (
    "server_error", "reset", "empty", "broken_json", "truncated", "refusal", "refusal_in_prose", "content_filter",
    "prompt_filter", "context_length", "bad_request",
)  # fmt: skip
STALLED = ("17", "900", "1500")
N = 2_000
LIMITS = Limits(max_concurrency=64, backoff_s=0.02)


def faulty_server(number: int, prompt: str) -> str | None:
    """A quarter of the requests fail: a tenth of the pieces always, one in six of the other requests."""
    piece = open_fence(prompt)["user"].removeprefix("This is piece ").removesuffix(".")
    if piece in STALLED:
        return "stalled_body"
    fate = random.Random(piece)
    if fate.random() < 0.10:
        return fate.choice(LASTING)
    chance = random.Random(number)
    return chance.choice(PASSING_BY) if chance.random() < 1 / 6 else None


@pytest.mark.slow
def test_two_thousand_pieces_with_a_faulty_server(store: AnswerStore) -> None:
    with Loopback(plan=faulty_server, answer=two_features) as server:
        requests = [rating(str(number), server) for number in range(N)]
        how: dict[str, Any] = {
            "limits": Limits(max_concurrency=64, backoff_s=0.02),
            "timeout_s": 10.0,
            "max_attempts": 3,
        }
        outcomes = ask(requests, store, **how)

        assert len(server.faults) >= 15
        assert 0.20 <= server.faults.total() / server.total <= 0.35
        ends = Counter(outcome.status for outcome in outcomes)
        assert [outcome.request for outcome in outcomes] == requests
        assert all((outcome.value is not None) == (outcome.status in faults.OK) for outcome in outcomes)
        assert set(ends) <= {*faults.OK, *faults.PASSING, *faults.FINAL}
        assert ends.total() == N
        assert {"ok", "repaired", "server_error", "connection", "timeout", "refused", "truncated"} <= ends.keys()

        attempts = list(store.attempts())
        assert len(attempts) == server.total
        assert sum(attempt.tokens_in or 0 for attempt in attempts) == server.tokens_in
        assert sum(attempt.tokens_out or 0 for attempt in attempts) == server.tokens_out
        assert "answered" not in store.count_by_status()

        to_ask_again = [outcome.request.key for outcome in outcomes if outcome.status in faults.PASSING]
        asked, server.plan = server.total, in_turn()
        again = ask(requests, store, **how)
        assert [outcome.request.key for outcome in again if not outcome.from_store] == to_ask_again
        assert server.total == asked + len(to_ask_again)
        assert {outcome.status for outcome in again if not outcome.from_store} == {"ok"}

        asked = server.total
        third = ask(requests, store, **how)
        assert server.total == asked
        assert [outcome.status for outcome in third] == [outcome.status for outcome in again]


@pytest.mark.slow
def test_a_server_that_throttles_half_of_all_calls_answers_them_all(store: AnswerStore) -> None:
    def half(number: int, prompt: str) -> str | None:
        return "rate_limit_ms" if random.Random(number).random() < 0.5 else None

    with Loopback(plan=half, answer=two_features) as server:
        outcomes = ask([rating(str(number), server) for number in range(300)], store, max_attempts=5)
        assert [outcome.status for outcome in outcomes] == ["ok"] * 300
        assert store.count_by_status()["rate_limited"] == server.total - 300

"""The budget in real runs: never exceeded, waited for, and reported in one sentence when it is spent."""

import pytest

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import MachineFault
from featdisc_assets.llm.pricing import Price, max_cost
from tests.llm.asking import ask, rating, two_features
from tests.loopback.server import Loopback, in_turn

PRICE = Price(1e-6, 10e-6, 1e-6)
LIMIT = 200


def ratings(n: int, server: Loopback) -> list:  # type: ignore[type-arg]
    return [rating(str(number), server, price=PRICE, max_tokens=LIMIT) for number in range(n)]


def test_it_is_never_exceeded_and_nearly_reached(store: AnswerStore) -> None:
    with Loopback(answer=two_features, latency_s=0.01) as server:
        requests = ratings(200, server)
        one = max_cost(requests[0].prompt, LIMIT, PRICE)
        budget = Budget(0.05)
        with pytest.raises(MachineFault, match=r"budget_usd is \$0.05, of which .* is spent") as caught:
            ask(requests, store, max_concurrency=16, budget=budget)
        assert caught.value.status == "budget"
        spent = store.spent_usd()
        assert spent == pytest.approx(PRICE.of(server.tokens_in, server.tokens_out))
        assert spent == pytest.approx(budget.spent_usd)
        assert 0.05 - one < spent <= 0.05
        assert store.count_by_status() == {"ok": server.total}

        # The same budget pays nothing more, a larger one the rest.
        asked = server.total
        with pytest.raises(MachineFault, match="budget_usd"):
            ask(requests, store, budget=Budget(0.05, spent_usd=spent))
        assert server.total == asked
        outcomes = ask(requests, store, budget=Budget(5.0, spent_usd=spent))
        assert server.total == len(outcomes) == 200


def test_failures_that_were_billed_are_paid_from_it(store: AnswerStore) -> None:
    with Loopback(plan=in_turn("truncated", "empty", "broken_json", "server_error"), answer=two_features) as server:
        budget = Budget(1.0)
        ask(ratings(3, server), store, max_concurrency=1, budget=budget)
        assert budget.spent_usd == pytest.approx(PRICE.of(server.tokens_in, server.tokens_out))
        assert budget.reserved_usd == 0


def test_a_call_without_a_bill_counts_like_others(store: AnswerStore) -> None:
    with Loopback(plan=in_turn(None, "reset_in_body"), answer=two_features) as server:
        budget = Budget(1.0)
        ask(ratings(2, server), store, max_concurrency=1, budget=budget)
        billed = PRICE.of(server.tokens_in, server.tokens_out)
        assert store.spent_usd() == pytest.approx(billed)
        assert budget.spent_usd == pytest.approx(1.5 * billed, rel=0.1)


def test_a_budget_needs_a_price(store: AnswerStore) -> None:
    with Loopback(answer=two_features) as server:
        with pytest.raises(MachineFault, match="price of 'openai/loopback' is not known"):
            ask([rating("a", server)], store, budget=Budget(1.0))
        assert server.total == 0

"""Batches: `ask_all` finds their answers, asks live for the rest, and asks nothing twice."""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm import providers
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch import ask as batch
from featdisc_assets.llm.batch import file as batch_file
from featdisc_assets.llm.batch.batch_store import BatchStore
from featdisc_assets.llm.batch.batch_usage import BatchUsage
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import MachineFault
from featdisc_assets.llm.leases import Leases
from featdisc_assets.llm.pricing import Price, max_cost
from tests.llm.asking import ask, rating, statuses, two_features
from tests.llm.batching import batches, ratings
from tests.loopback.server import Loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(answer=two_features) as server:
        yield server


# A third of the rows fail, in all possible ways.
ROW_FAULTS = [
    "expired",
    "timeout",
    "lost",
    "twice",
    "stranger",
    "server_error",
    "rate_limit",
    "context_length",
    "prompt_filter",
    "bad_request",
    "truncated",
    "thoughts_only",
    "refusal",
    "refusal_in_prose",
    "content_filter",
    "empty",
    "no_choices",
    "fenced",
    "prose",
    "thoughts_first",
    "broken_json",
    "wrong_schema",
]


def test_three_hundred_requests_are_answered_or_classified_and_the_ledger_equals_the_bill(
    store: AnswerStore, server: Loopback
) -> None:
    server.batches.plan = lambda number, prompt: ROW_FAULTS[number // 3 % len(ROW_FAULTS)] if number % 3 == 0 else None
    server.batches.ends = lambda number: ("completed", "completed", "late", "expired", "cancelled", "failed")[number]
    requests = ratings(300, server)

    usage = batches((request for request in requests + requests[:30]), store, max_requests=50)
    assert (usage.batches, usage.submitted, usage.under_way) == (6, 300, 0)
    assert usage.imported + usage.left == 300
    assert len(usage.notes) == 6
    assert max(server.batches.executed.values()) == 1

    outcomes = ask(requests, store)
    assert len(outcomes) == 300
    assert Counter(outcome.status for outcome in outcomes).keys() == {
        "ok",
        "repaired",
        "context_length",
        "content_filter",
        "refused",
    }
    attempts = list(store.attempts())
    assert sum(attempt.tokens_in or 0 for attempt in attempts) == server.tokens_in
    assert sum(attempt.tokens_out or 0 for attempt in attempts) == server.tokens_out
    assert "answered" not in store.count_by_status()

    before = (server.total, server.batches.requests.total())
    assert batches(requests, store).batches == 0
    assert {outcome.from_store for outcome in ask(requests, store)} == {True}
    assert (server.total, server.batches.requests.total()) == before


def test_a_batch_is_marked_in_the_ledger(store: AnswerStore, server: Loopback) -> None:
    [request] = ratings(1, server, price=Price(1.0, 10.0, 0.1))
    usage = batches([request], store)
    [attempt] = store.lookup([request.key])[request.key]
    assert (attempt.provider, attempt.served_model) == ("openai (batch)", "loopback-2026-11-22")
    assert (attempt.status, attempt.latency_ms, attempt.subject_id) == ("answered", None, "no. 0")
    assert attempt.cost_usd == (server.tokens_in * 1.0 + server.tokens_out * 10.0) / 2 == usage.cost_usd


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (None, "answered"),
        ("fenced", "answered"),
        ("broken_json", "answered"),
        ("no_usage", "answered"),
        ("empty", "empty"),
        ("no_choices", "empty"),
        ("truncated", "truncated"),
        ("thoughts_only", "truncated"),
        ("refusal", "refused"),
        ("refusal_in_prose", "refused"),
        ("content_filter", "content_filter"),
        ("prompt_filter", "content_filter"),
        ("context_length", "context_length"),
        ("rate_limit", "rate_limited"),
        ("server_error", "server_error"),
        ("overloaded", "server_error"),
        ("timeout", "timeout"),
        ("quota", "quota"),
        ("auth", "auth"),
        ("unknown_model", "unknown_model"),
        # Not asked, or rejected: nothing is stored.
        ("bad_request", None),
        ("expired", None),
        ("lost", None),
        ("garbled", None),
    ],
)
def test_a_row_is_classified_like_a_live_answer(
    store: AnswerStore, server: Loopback, fault: str | None, status: str | None
) -> None:
    server.batches.plan = lambda number, prompt: fault if number == 1 else None
    requests = ratings(3, server)
    usage = batches(requests, store)
    assert statuses(store, requests[1]) == ([status] if status else [])
    assert (usage.imported, usage.left) == ((3, 0) if status else (2, 1))
    assert statuses(store, requests[0]) == statuses(store, requests[2]) == ["answered"]
    if fault not in ("quota", "auth", "unknown_model", "refusal", "refusal_in_prose", "content_filter"):
        unanswered = {"context_length": "context_length", "prompt_filter": "content_filter"}.get(fault or "")
        assert [outcome.status for outcome in ask(requests, store)][::2] == ["ok", "ok"]
        assert ask(requests, store)[1].answered is (unanswered is None)


def test_an_unreadable_answer_is_asked_again_once_and_not_in_a_batch(store: AnswerStore, server: Loopback) -> None:
    server.batches.plan = lambda number, prompt: "broken_json" if number == 0 else "truncated"
    requests = ratings(2, server, max_tokens=100)
    batches(requests, store)
    batches(requests, store)
    assert server.batches.requests["create"] == 1
    server.keep = True
    assert [outcome.status for outcome in ask(requests, store)] == ["repaired", "ok"]
    assert server.total == 2
    assert sorted(body["max_tokens"] for body in server.bodies) == [100, 300]


EXTRA = (("reasoning_effort", "low"), ("service_tier", "flex"), ("top_k", 5), ("extra_body", {"min_p": 0.1}))


@pytest.mark.parametrize("mode", ["JSON_SCHEMA", "JSON", "MD_JSON"])
@pytest.mark.parametrize(
    "model", ["openai/loopback", "openai/gpt-4o-mini", "openai/gpt-5-mini", "gpt-5-nano", "openai/o3-mini"]
)
def test_a_batch_sends_what_a_live_call_sends(
    store: AnswerStore, server: Loopback, monkeypatch: pytest.MonkeyPatch, model: str, mode: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-0123456789-secret")
    server.keep = True
    asked = rating("a {{7*7}} ${x}", server, mode=mode, temperature=0.3, extra=EXTRA)
    request = dataclasses.replace(asked, model=model)
    ask([request], store)
    [sent] = server.bodies
    assert sent.pop("stream", False) is False
    route = providers.check_model(model, server.url)
    assert batch_file.body(request, route) == sent
    assert batch_file.body(request, route) == sent
    assert server.total == 1
    row = json.loads(batch_file.line(request.key, sent))
    assert (row["custom_id"], row["method"], row["url"]) == (request.key, "POST", "/v1/chat/completions")


def test_batches_are_split_by_count_and_by_bytes(store: AnswerStore, server: Loopback, tmp_path: Path) -> None:
    requests = ratings(25, server)
    route = providers.check_model(requests[0].model, server.url)
    size = len(batch_file.line(requests[0].key, batch_file.body(requests[0], route)))
    assert batches(requests[:10], store, max_requests=4).batches == 3
    assert batches(requests[:20], store, max_bytes=4 * size + 100).batches == 3
    long = dataclasses.replace(requests[20], prompt=requests[20].prompt + "x" * size)
    usage = batches([long, *requests[21:]], store, max_bytes=size + 100)
    assert (usage.batches, usage.submitted) == (4, 4)
    assert statuses(store, long) == []
    assert max(len(data) for name, data in server.batches.files.items() if name.startswith("file-in")) <= 4 * size + 100
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {"answers"}


def test_each_model_has_its_own_files(store: AnswerStore, server: Loopback) -> None:
    requests = [
        dataclasses.replace(request, model=f"openai/model-{number % 3}")
        for number, request in enumerate(ratings(30, server))
    ]
    assert batches(requests, store, max_requests=5).batches == 6
    assert {outcome.answered for outcome in ask(requests, store)} == {True}
    assert server.total == 0


def test_the_shorter_form_of_a_request_goes_into_the_next_batch(store: AnswerStore, server: Loopback) -> None:
    short, whole = ratings(2, server)
    request = dataclasses.replace(whole, shorter=lambda: short)
    server.batches.plan = lambda number, prompt: "context_length" if number == 0 else None
    batches([request], store)
    batches([request], store)
    [outcome] = ask([request], store)
    assert (outcome.status, outcome.request, server.total) == ("ok", short, 0)


def test_only_one_run_at_a_time_asks_in_batches(store: AnswerStore, server: Loopback) -> None:
    other = Leases(store)
    other.acquire(["asking in batches"])
    with pytest.raises(FeatdiscError, match="another run is asking in batches"):
        batches(ratings(1, server), store)
    other.release_all()
    assert batches(ratings(1, server), store).imported == 1


def test_progress_is_reported(store: AnswerStore, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_REPORT_S", 0.0)
    server.batches.polls = 6
    reports: list[BatchUsage] = []
    last = batches(ratings(60, server), store, on_progress=reports.append, poll_s=0.05)
    assert reports[-1] == last
    assert max(usage.under_way for usage in reports) == 3
    assert [usage.imported for usage in reports] == sorted(usage.imported for usage in reports)
    assert (last.completed, last.failed, last.imported, last.tokens_out) == (60, 0, 60, server.tokens_out)


def test_a_budget_pays_batches_one_after_another(store: AnswerStore, server: Loopback) -> None:
    price = Price(1e-6, 1e-5, 1e-7)
    requests = ratings(24, server, price=price)
    most = max_cost(requests[0].prompt, requests[0].params.max_tokens, price.discounted(0.5))
    budget = Budget(17 * most)
    in_progress: list[int] = []
    server.batches.hook = lambda name: in_progress.append(
        sum(batch.created["status"] not in ("completed", "failed") for batch in server.batches.batches.values())
    )
    usage = batches(requests, store, budget=budget)
    assert (usage.imported, usage.batches) == (24, 12)
    assert max(in_progress) <= 8
    assert budget.reserved_usd == 0
    assert budget.spent_usd == pytest.approx(usage.cost_usd)
    assert usage.cost_usd == pytest.approx(price.of(server.tokens_in, server.tokens_out) / 2)


def test_a_budget_stops_before_it_is_exceeded(store: AnswerStore, server: Loopback) -> None:
    price = Price(1e-6, 1e-5, 1e-7)
    requests = ratings(9, server, price=price)
    most = max_cost(requests[0].prompt, requests[0].params.max_tokens, price.discounted(0.5))
    budget = Budget(most * 1.02)
    with pytest.raises(MachineFault, match="raise budget_usd") as caught:
        batches(requests, store, budget=budget, max_requests=2)
    assert caught.value.status == "budget"
    assert 0 < budget.spent_usd <= most * 1.02
    assert budget.spent_usd == pytest.approx(price.of(server.tokens_in, server.tokens_out) / 2)


def test_a_budget_needs_a_price(store: AnswerStore, server: Loopback) -> None:
    with pytest.raises(MachineFault, match="price_in and price_out"):
        batches(ratings(1, server), store, budget=Budget(1.0))
    assert server.batches.requests.total() == 0


def test_the_batch_store_keeps_prices(store: AnswerStore) -> None:
    price = Price(1e-6, 1e-5, 1e-7, 2e-6, ((200_000, Price(2e-6, 2e-5, 2e-7)),))
    batch_store = BatchStore(store)
    kept = [batch_store.begin("openai/x", None, price), batch_store.begin("openai/y", "http://127.0.0.1/v1", None)]
    assert BatchStore(store).unfinished() == kept


@pytest.mark.parametrize("wrong", [{"max_requests": 0}, {"max_requests": 50_001}, {"max_bytes": 0}, {"poll_s": 0.0}])
def test_numbers_out_of_range_are_refused(store: AnswerStore, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        batches([], store, **wrong)

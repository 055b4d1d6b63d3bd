"""What the assets that ask a model share: how to ask, the answer store, and the ledger in the warehouse."""

import dataclasses
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import islice
from typing import ClassVar

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.asking.progress_log import BatchTeller, Teller
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm.answer_store import AnswerStore, Attempt
from featdisc_assets.llm.ask import ask_all
from featdisc_assets.llm.batch.asking import BatchUsage, ask_in_batches
from featdisc_assets.llm.batch.batch_store import BatchStore
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.gate import Limits
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.warehouse import Warehouse, insert

ATTEMPTS_A_WRITE = 5_000
SECONDS_A_WRITE = 20.0


class AskingConfig(dg.Config):
    """How hard to press the model."""

    # Whatever they are, the answers are the same.
    without_effect: ClassVar[frozenset[str]] = frozenset(
        {"max_concurrency", "requests_per_minute", "tokens_per_minute", "max_attempts", "timeout_s", "retry_failed"}
    )

    max_concurrency: int = Field(
        default=32,
        ge=1,
        le=1024,
        description="Calls in flight at most, 1 to 1,024. It comes down by itself while the provider throttles, and"
        " goes up again; try 128 for a large provider, 4 for a server on your own machine.",
    )
    requests_per_minute: float = Field(
        default=0.0,
        ge=0,
        description="Your account's limit of requests a minute, as the provider's console states it; 0 means none.",
    )
    tokens_per_minute: float = Field(
        default=0.0,
        ge=0,
        description="Your account's limit of tokens a minute, prompts and answers together; 0 means none.",
    )
    max_attempts: int = Field(
        default=5,
        ge=1,
        le=20,
        description="Attempts at a call that fails for a reason that may pass (timeout, lost connection, server error),"
        " 1 to 20; four times as many after rate limits.",
    )
    timeout_s: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="Seconds one attempt may take, up to 3,600. Stay at 60 or more: a busy machine makes calls wait.",
    )
    retry_failed: bool = Field(
        default=False,
        description="Ask again even for what failed for good (refused, truncated, too long, unreadable). What failed"
        " for a passing reason is asked again by every run.",
    )

    def limits(self) -> Limits:
        """The limits of the gate."""
        return Limits(
            max_concurrency=self.max_concurrency,
            requests_per_minute=self.requests_per_minute or None,
            tokens_per_minute=self.tokens_per_minute or None,
        )


def answers(
    context: dg.AssetExecutionContext,
    db: Warehouse,
    store: AnswerStore,
    requests: Iterable[Request],
    config: AskingConfig,
    *,
    asset: str,
    what: str,
    total: int,
    to_ask: int | None = None,
    budget: Budget | None = None,
) -> Generator[Outcome]:
    """Outcomes in the order of the requests; the ledger, the log and the asset's page keep up with them.

    Args:
        context: Of the asset that asks.
        db: Where the ledger is.
        store: Where answers are.
        requests: What to ask.
        config: How.
        asset: On whose page progress shows.
        what: Is asked about, in the plural, for the log.
        total: Number of requests.
        to_ask: Of them those without an answer yet, as far as that is known.
        budget: What may be spent.
    """
    teller = Teller(context, asset=asset, what=what, total=total, to_ask=to_ask, max_concurrency=config.max_concurrency)
    outcomes = ask_all(
        requests,
        store=store,
        limits=config.limits(),
        max_attempts=config.max_attempts,
        timeout_s=config.timeout_s,
        retry_failed=config.retry_failed,
        budget=budget,
        on_progress=teller.tell,
    )
    written = time.monotonic()
    try:
        # Closed here and now when the run is cancelled: calls in flight are paid, and get their time to land.
        with closing(outcomes):
            for outcome in outcomes:
                yield outcome
                if time.monotonic() - written > SECONDS_A_WRITE:
                    write_ledger(db, store)
                    written = time.monotonic()
    finally:
        # Cancelled or broken off, the ledger still tells what was paid.
        write_ledger(db, store)


def ask_in_advance(
    context: dg.AssetExecutionContext,
    db: Warehouse,
    store: AnswerStore,
    requests: Iterable[Request],
    config: AskingConfig,
    *,
    asset: str,
    budget: Budget | None = None,
) -> None:
    """Have a provider's batch queue answer what it can, and wait for it; what it leaves is to be asked live.

    The arguments are those of `answers`.
    """
    teller, written = BatchTeller(context, asset=asset), time.monotonic()

    def tell(tally: BatchUsage) -> None:
        nonlocal written
        teller.tell(tally)
        if time.monotonic() - written > SECONDS_A_WRITE:
            write_ledger(db, store)
            written = time.monotonic()

    try:
        tally = ask_in_batches(requests, store=store, retry_failed=config.retry_failed, budget=budget, on_progress=tell)
    finally:
        write_ledger(db, store)
    for note in tally.notes:
        context.log.warning(note)


def refuse_what_batches_hold(store: AnswerStore, requests: Iterable[Request]) -> None:
    """Make sure that nothing is asked live that a batch under way will answer, and bill.

    Raises:
        FeatdiscError: With what to do.
    """
    books = BatchStore(store)
    if not books.unfinished():
        return
    keys, owed = (request.key for request in requests), 0
    while block := list(islice(keys, ATTEMPTS_A_WRITE)):
        owed += books.count_awaited(block)
    if owed:
        raise FeatdiscError(
            f"{owed:,} of these texts are in batches under way and would be paid twice: set rating_plan.mode to batch"
            " to wait for them, or cancel the batches at the provider and then run once in that mode"
        )


def write_ledger(db: Warehouse, store: AnswerStore) -> int:
    """Copy attempts that the warehouse has not seen yet from the answer store into `ratings`; returns how many."""
    seen = db.scalar("select coalesce(max(attempt_id), 0) from ratings")
    copied = 0
    batch: list[Attempt] = []
    for attempt in store.attempts(since=seen):
        batch.append(attempt)
        if len(batch) >= ATTEMPTS_A_WRITE:
            copied += _append(db, batch)
            batch = []
    return copied + _append(db, batch)


def _append(db: Warehouse, attempts: list[Attempt]) -> int:
    if not attempts:
        return 0
    names = [field.name for field in dataclasses.fields(Attempt)]
    table = pa.table({name: [getattr(attempt, name) for attempt in attempts] for name in names})
    rows = pa.table(
        {
            "attempt_id": table["seq"],
            "raw_answer": pc.cast(table["raw"], pa.string()),
            "created_at": pc.cast(table["created_at"], pa.timestamp("us")),
            **{name: table[name] for name in names if name not in ("seq", "raw", "created_at", "finish_reason")},
        }
    )
    with db.transaction() as connection:
        connection.register("fresh", rows.select(["request_key", "attempt"]))
        # A verdict that came later is written again under a new number.
        connection.execute(
            "delete from ratings using fresh"
            " where ratings.request_key = fresh.request_key and ratings.attempt = fresh.attempt"
        )
        connection.unregister("fresh")
        insert(connection, "ratings", rows)
    return len(attempts)

"""Asking a model from an asset: limits, live and batch requests, and the ledger in the warehouse."""

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

from featdisc_assets.asking.progress_log import BatchProgressLog, ProgressLog
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm.answer_store import AnswerStore, Attempt
from featdisc_assets.llm.ask import ask_all
from featdisc_assets.llm.batch.ask import BatchUsage, ask_in_batches
from featdisc_assets.llm.batch.batch_store import BatchStore
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.gate import Limits
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.warehouse import Warehouse, insert

ATTEMPTS_A_WRITE = 5_000
SECONDS_A_WRITE = 20.0


class AskingConfig(dg.Config):
    """Limits of requests to the model."""

    # Answers do not depend on these.
    without_effect: ClassVar[frozenset[str]] = frozenset(
        {"max_concurrency", "requests_per_minute", "tokens_per_minute", "max_attempts", "timeout_s", "retry_failed"}
    )

    max_concurrency: int = Field(
        default=32,
        ge=1,
        le=1024,
        description="Maximum number of calls in flight, 1 to 1,024. It is lowered automatically while the provider"
        " throttles. Try 128 for a large provider and 4 for a server on your own machine.",
    )
    requests_per_minute: float = Field(
        default=0.0,
        ge=0,
        description="Your account's request limit per minute. Copy it from the provider's console; 0 sets no limit.",
    )
    tokens_per_minute: float = Field(
        default=0.0,
        ge=0,
        description="Your account's token limit per minute, input and output together. 0 sets no limit.",
    )
    max_attempts: int = Field(
        default=5,
        ge=1,
        le=20,
        description="Maximum number of attempts at a call that fails temporarily (timeout, lost connection, server"
        " error), 1 to 20. Rate-limited calls get four times as many. Raise it for an unreliable server.",
    )
    timeout_s: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="Maximum duration of one attempt in seconds, up to 3,600. Use at least 60: a busy machine delays"
        " calls.",
    )
    retry_failed: bool = Field(
        default=False,
        description="Retry requests that failed permanently (refused, truncated, too long, unparseable). Temporary"
        " failures are retried by every run anyway.",
    )

    def limits(self) -> Limits:
        """These settings as the request gate takes them."""
        return Limits(
            max_concurrency=self.max_concurrency,
            requests_per_minute=self.requests_per_minute or None,
            tokens_per_minute=self.tokens_per_minute or None,
        )


def ask_model(
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
    """Outcomes in the order of the requests, while progress is logged and the ledger is kept up to date.

    Args:
        context: The asset's.
        db: Warehouse with the ledger.
        store: Answer store.
        requests: What to ask.
        config: Limits.
        asset: The asset that gets the observations.
        what: What is asked about, in the plural, for the log.
        total: Number of requests.
        to_ask: How many have no stored answer, None if unknown.
        budget: What may be spent, None for no limit.
    """
    log = ProgressLog(
        context, asset=asset, what=what, total=total, to_ask=to_ask, max_concurrency=config.max_concurrency
    )
    outcomes = ask_all(
        requests,
        store=store,
        limits=config.limits(),
        max_attempts=config.max_attempts,
        timeout_s=config.timeout_s,
        retry_failed=config.retry_failed,
        budget=budget,
        on_progress=log.report,
    )
    written = time.monotonic()
    try:
        # When the run is cancelled, wait for the calls in flight: they are paid.
        with closing(outcomes):
            for outcome in outcomes:
                yield outcome
                if time.monotonic() - written > SECONDS_A_WRITE:
                    write_ledger(db, store)
                    written = time.monotonic()
    finally:
        # A cancelled or failed run records what it paid, too.
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
    """Send requests to the provider's batch queue and wait for the results; the rest has to be asked live.

    The arguments are those of `ask_model`.
    """
    log, written = BatchProgressLog(context, asset=asset), time.monotonic()

    def report(usage: BatchUsage) -> None:
        nonlocal written
        log.report(usage)
        if time.monotonic() - written > SECONDS_A_WRITE:
            write_ledger(db, store)
            written = time.monotonic()

    try:
        usage = ask_in_batches(
            requests, store=store, retry_failed=config.retry_failed, budget=budget, on_progress=report
        )
    finally:
        write_ledger(db, store)
    for note in usage.notes:
        context.log.warning(note)


def refuse_requests_in_batches(store: AnswerStore, requests: Iterable[Request]) -> None:
    """Check that no unfinished batch holds any of these requests: they would be paid twice.

    Raises:
        FeatdiscError: If one does.
    """
    books = BatchStore(store)
    if not books.unfinished():
        return
    keys, n_waiting = (request.key for request in requests), 0
    while block := list(islice(keys, ATTEMPTS_A_WRITE)):
        n_waiting += books.count_awaited(block)
    if n_waiting:
        raise FeatdiscError(
            f"{n_waiting:,} of these texts are in unfinished batches and would be paid twice: set rating_plan.mode to"
            " batch to wait for them, or cancel the batches at the provider and then run once in batch mode"
        )


def write_ledger(db: Warehouse, store: AnswerStore) -> int:
    """Copy new attempts from the answer store into `ratings`; returns how many."""
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
        # An attempt whose status changed later has a new number in the store.
        connection.execute(
            "delete from ratings using fresh"
            " where ratings.request_key = fresh.request_key and ratings.attempt = fresh.attempt"
        )
        connection.unregister("fresh")
        insert(connection, "ratings", rows)
    return len(attempts)

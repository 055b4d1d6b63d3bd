"""What the assets that ask a model share: how to ask, the answer store, and the ledger in the warehouse."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.llm.ask import Progress, ask_all
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.llm.store import AnswerStore, Attempt
from featdisc_assets.places import Home
from featdisc_assets.warehouse import Warehouse, insert

ATTEMPTS_A_WRITE = 5_000


class AskingConfig(dg.Config):
    """How hard to press the model."""

    max_concurrency: int = Field(default=32, ge=1, le=1024, description="Calls in flight at most.")
    max_attempts: int = Field(
        default=5,
        ge=1,
        le=20,
        description="Attempts at a call that fails for a reason that may pass, such as a rate limit.",
    )
    timeout_s: float = Field(default=120.0, gt=0, description="Seconds one attempt may take.")
    retry_failed: bool = Field(
        default=False, description="Ask again even for what failed for good (refused, too long, unreadable)."
    )


def answers(
    context: dg.AssetExecutionContext,
    store: AnswerStore,
    requests: Iterable[Request],
    config: AskingConfig,
    *,
    what: str,
    total: int,
) -> Iterator[Outcome]:
    """Outcomes in the order of the requests, with a line in the log every few seconds."""
    outcomes = ask_all(
        requests,
        store=store,
        max_concurrency=config.max_concurrency,
        max_attempts=config.max_attempts,
        timeout_s=config.timeout_s,
        retry_failed=config.retry_failed,
        on_progress=_teller(context, what=what, total=total),
    )
    # Closed here and now when the run is cancelled: calls in flight are paid, and get their time to land.
    with closing(outcomes):
        yield from outcomes


def _teller(context: dg.AssetExecutionContext, *, what: str, total: int) -> Callable[[Progress], None]:
    told = -1.0

    def tell(progress: Progress) -> None:
        nonlocal told
        if progress.done < total and progress.seconds - told < 5:
            return
        told = progress.seconds
        asked = progress.done - progress.from_store
        left = (total - progress.done) * progress.seconds / progress.done if progress.done else 0
        pace = f", {asked / progress.seconds:,.0f} a second, {left:,.0f} s left" if asked and left else ""
        context.log.info(
            f"{what}: {progress.done:,} of {total:,} done, {progress.from_store:,} of them known before,"
            f" {progress.failed:,} failed{pace}"
        )

    return tell


def write_ledger(db: Warehouse, home: Home) -> int:
    """Copy attempts that the warehouse has not seen yet from the answer store into `ratings`; returns how many."""
    seen = db.scalar("select coalesce(max(attempt_id), 0) from ratings")
    copied = 0
    with AnswerStore(home.answers) as store:
        batch: list[Attempt] = []
        for attempt in store.attempts(since=seen):
            batch.append(attempt)
            if len(batch) >= ATTEMPTS_A_WRITE:
                copied += _append(db, batch)
                batch = []
        copied += _append(db, batch)
    return copied


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

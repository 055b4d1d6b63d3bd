"""Asking in batches: half the price, within a day. A pass before `ask_all`, into the same answer store.

`ask_all` finds what a batch has answered, and asks live for the rest (failed, expired, never sent). Batches outlive the
process: a later pass collects them, and never sends again what one contains.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.background import background_loop
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_run import BatchRun
from featdisc_assets.llm.batch.batch_store import PREPARING, UNDER_WAY, Batch, BatchStore
from featdisc_assets.llm.batch.batch_usage import BatchUsage, total_usage
from featdisc_assets.llm.batch.file import MOST_BYTES, MOST_REQUESTS, Draft
from featdisc_assets.llm.batch.reader import Reader
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import MachineFault, ModelError
from featdisc_assets.llm.leases import Leases
from featdisc_assets.llm.request import Request

__all__ = ["BatchUsage", "ask_in_batches"]

# Requests looked up in the store at a time.
_BLOCK = 256
# Files on our disk that are written and not uploaded yet.
_FILES = 2
# The part of a budget that one batch may reserve: its highest cost is many times its actual cost.
_SHARE = 1 / 8
_TICK_S = 0.1
_REPORT_S = 1.0
_HEARTBEAT_S = 15.0
# The key leased by the one run that asks in batches.
_LEASE = "asking in batches"


def ask_in_batches(
    requests: Iterable[Request],
    *,
    store: AnswerStore,
    poll_s: float = 30.0,
    max_requests: int = MOST_REQUESTS,
    max_bytes: int = MOST_BYTES,
    retry_failed: bool = False,
    budget: Budget | None = None,
    on_progress: Callable[[BatchUsage], None] | None = None,
) -> BatchUsage:
    """Ask requests through OpenAI's batch API, and wait for the end.

    Requests with a stored outcome are not sent, nor those in a batch under way, which is awaited. Without requests,
    each batch under way is polled once, and collected if it has ended.

    Args:
        requests: What to ask; read lazily, in the caller's thread.
        store: Where answers and the state of batches are stored.
        poll_s: Seconds between two polls of a batch at first; they grow to ten times as many.
        max_requests: Requests in a batch at most.
        max_bytes: Bytes in a batch's file at most.
        retry_failed: Ask again also for what failed for good.
        budget: What may be spent; each batch reserves its highest cost until its cost is known.
        on_progress: Called about once a second, in the caller's thread, and at the end.

    Raises:
        ModelError: If a model cannot be asked in batches; before anything is sent.
        MachineFault: If every further batch would fail alike (key refused, no credit, unknown model), or the budget
            cannot pay the next. Batches under way go on; a later pass collects them.
        FeatdiscError: If another run on the same store is asking in batches.
        ValueError: If a number is out of its range.
    """
    if not 1 <= max_requests <= MOST_REQUESTS:
        raise ValueError(f"max_requests is {max_requests}; a batch takes from 1 to {MOST_REQUESTS:,}")
    if max_bytes < 1 or not poll_s > 0:
        raise ValueError(f"max_bytes is {max_bytes} and poll_s {poll_s}; both must be above 0")
    leases = Leases(store)
    try:
        if not leases.acquire([_LEASE]):
            raise FeatdiscError(
                f"another run is asking in batches on {store.path}; wait for its end, or set mode: live"
            )
        run = _Run(store, leases, poll_s, budget, on_progress)
        max_usd = _SHARE * max(0.0, budget.limit_usd - budget.spent_usd) if budget else None
        reader = Reader(store, run.batches, run.api, run.submit, max_requests, max_bytes, max_usd, retry_failed)
        try:
            return run.run(iter(requests), reader)
        finally:
            run.close()
            reader.close()
    finally:
        leases.release_all()


@dataclass
class _Run:
    """One pass: the caller's thread reads requests and writes files, the background loop runs the batches."""

    store: AnswerStore
    leases: Leases
    poll_s: float
    budget: Budget | None
    on_progress: Callable[[BatchUsage], None] | None
    batch_runs: dict[BatchRun, futures.Future[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.batches = BatchStore(self.store)
        self._apis: dict[tuple[str, str | None], BatchApi] = {}
        self._loop = background_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._wanted: set[str] | None = None  # known after all requests are read
        self._notes: list[str] = []
        self._started = self._reported_at = time.monotonic()

    def run(self, requests: Iterator[Request], reader: Reader) -> BatchUsage:
        self._heartbeats = self._spawn(self._send_heartbeats())
        try:
            self._resume_batches()
            while block := list(itertools.islice(requests, _BLOCK)):
                reader.read(block)
                self._tick()
            reader.finish()
            self._wanted = reader.wanted
            self._wait(lambda: all(future.done() for future in self.batch_runs.values()))
        except MachineFault as fault:
            under_way = self._usage().under_way
            if not under_way:
                raise
            kept = f"batches still under way, which a later run collects: {under_way}"
            raise MachineFault(fault.status, f"{fault}; {kept}") from None
        done = self._usage()
        if self.on_progress is not None:
            self.on_progress(done)
        self.batches.forget_done()
        return done

    def close(self) -> None:
        """Stop waiting; batches at the provider go on."""
        asyncio.run_coroutine_threadsafe(self._cancel(), self._loop).result()

    async def _cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for api in self._apis.values():
            await api.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> futures.Future[None]:
        async def tracked() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101
            self._tasks.add(task)
            try:
                await work
            finally:
                self._tasks.discard(task)

        return asyncio.run_coroutine_threadsafe(tracked(), self._loop)

    async def _send_heartbeats(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            self.leases.heartbeat()

    def _wait(self, until: Callable[[], bool]) -> None:
        while not until():
            futures.wait(
                [self._heartbeats, *(future for future in self.batch_runs.values() if not future.done())],
                _TICK_S,
                futures.FIRST_COMPLETED,
            )
            self._tick()
        self._tick()  # a batch run may have failed between the last tick and `until`

    def _tick(self) -> None:
        """Raise the exception of a failed batch run, or report progress."""
        for future in (self._heartbeats, *self.batch_runs.values()):
            if future.done():
                future.result()
        now = time.monotonic()
        if self.on_progress is not None and now - self._reported_at >= _REPORT_S:
            self._reported_at = now
            self.on_progress(self._usage())

    def _usage(self) -> BatchUsage:
        batches = ((run.batch, run.counts, run.note) for run in list(self.batch_runs))
        return total_usage(batches, self._notes, time.monotonic() - self._started)

    def _resume_batches(self) -> None:
        """Resume the batches of earlier runs."""
        self.batches.forget_done()
        for batch in self.batches.unfinished():
            if batch.state == PREPARING:
                self.batches.forget(batch)  # its file is gone with the process, and nothing was sent
                continue
            try:
                api = self.api(batch.model, batch.api_base)
            except ModelError as error:
                self._notes.append(f"batch {batch.batch_id or batch.name} cannot be collected now: {error}")
                continue
            self._start(batch, api)

    def api(self, model: str, api_base: str | None) -> BatchApi:
        at = (model, api_base)
        if at not in self._apis:
            self._apis[at] = BatchApi(model, api_base)
        return self._apis[at]

    def submit(self, draft: Draft) -> None:
        self._wait(lambda: sum(batch_run.holds_file for batch_run in self.batch_runs) < _FILES)
        batch = draft.batch
        self._start(batch, self.api(batch.model, batch.api_base), draft)

    def _start(self, batch: Batch, api: BatchApi, draft: Draft | None = None) -> None:
        batch_run = BatchRun(
            batch,
            api,
            self.batches,
            poll_s=self.poll_s,
            budget=self.budget,
            others=self._count_others,
            is_wanted=lambda: draft is not None or self._wanted is None or batch.name in self._wanted,
            file=draft.file if draft else None,
        )
        self.batch_runs[batch_run] = self._spawn(batch_run.run())

    def _count_others(self, batch_run: BatchRun) -> int:
        return sum(other.batch.state == UNDER_WAY for other in list(self.batch_runs) if other is not batch_run)

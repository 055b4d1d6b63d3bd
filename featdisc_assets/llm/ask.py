"""Asking many requests from synchronous code: stored answers first, the rest through the meter, in order."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, replace

from featdisc_assets.llm import faults
from featdisc_assets.llm.answer_store import AnswerStore, Attempt, last
from featdisc_assets.llm.background import Asker, Pending
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.gate import Gate, Limits
from featdisc_assets.llm.leases import Leases
from featdisc_assets.llm.lookup import Resolved, resolve
from featdisc_assets.llm.meter import Meter
from featdisc_assets.llm.progress import Progress, Reporter
from featdisc_assets.llm.request import Outcome, Request

# Requests looked up in the store at a time; also the minimum that is read ahead of the outcome awaited.
_BLOCK = 256
# How often to check whether another run has answered what this one waits for.
_CHECK_S = 0.25
# How often to report progress while no outcome comes.
_TICK_S = 1.0


def ask_all(
    requests: Iterable[Request],
    *,
    store: AnswerStore,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    max_attempts: int = 5,
    timeout_s: float = 120.0,
    retry_failed: bool = False,
    budget: Budget | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Generator[Outcome]:
    """Answer requests in order, asking only for what is not in the store.

    The input is read in the caller's thread, a limited window ahead of the outcome awaited. Calls go on in the
    background while the caller works on an outcome. Closing the iterator, or an exception in the caller, stops the
    run: nothing further is sent, and calls in flight get ten seconds to be stored. Requests that another run on the
    same store is asking now are waited for, not asked a second time.

    Args:
        requests: What to ask; read lazily.
        store: Where answers are stored; it must stay open until the iterator is exhausted or closed.
        limits: Limits of calls at a time and a minute.
        max_attempts: Attempts at a request that fails for a passing reason; four times as many for rate limits.
        timeout_s: Seconds that an attempt may take; use a minute or more, since a busy machine delays calls.
        retry_failed: Ask again also for what failed for good.
        budget: What may be spent.
        on_progress: Called about once a second, in the caller's thread, and at the end.

    Raises:
        ModelError: If a model cannot be asked (its key is missing, its provider unknown): before anything is sent.
        MachineFault: If every request would fail alike (key refused, no credit, unknown model), if too many do, or if
            the budget is spent.
    """
    gate = Gate(limits)
    meter = Meter(store, gate=gate, max_attempts=max_attempts, timeout_s=timeout_s, budget=budget)
    reporter = Reporter(meter.usage, gate, on_progress)
    run = _Run(meter, retry_failed=retry_failed, tick=reporter.tick)
    try:
        for outcome in run.outcomes(iter(requests), window=max(_BLOCK, 4 * limits.max_concurrency)):
            yield outcome
            reporter.count(failed=not outcome.answered, from_store=outcome.from_store)
        reporter.end()
    finally:
        run.close()


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A request and its outcome or pending call, which may be a duplicate's; None if another run asks it."""

    request: Request
    item: Outcome | Pending | None
    is_duplicate: bool = False


class _Run:
    """One pass over the requests; the background side starts with the first request that must be asked."""

    def __init__(self, meter: Meter, *, retry_failed: bool, tick: Callable[[], None]) -> None:
        self._meter = meter
        self._tick = tick
        self._store = meter.store
        self._retry_failed = retry_failed
        self._asker: Asker | None = None
        self._leases: Leases | None = None
        self._in_flight: dict[str, Pending] = {}
        self._done: list[str] = []

    def outcomes(self, requests: Iterator[Request], window: int) -> Iterator[Outcome]:
        waiting: deque[_Awaited] = deque()
        while block := list(itertools.islice(requests, _BLOCK)):
            waiting.extend(self._start(block))
            while len(waiting) > window:
                yield self._await(waiting.popleft())
        while waiting:
            yield self._await(waiting.popleft())

    def _start(self, block: list[Request]) -> Iterator[_Awaited]:
        # Requests in flight are not looked up: an answer that arrives after the lookup would be asked for twice.
        new = {request.key: request for request in block if request.key not in self._in_flight}
        found, ours = self._resolve(new.values()), set[str]()
        if unknown := [key for key, (outcome, _, _) in found.items() if outcome is None]:
            ours = self._acquire(unknown)
            # Again, since another run may have answered some of them just before it released them.
            found |= self._resolve(new[key] for key in ours)
        for request in block:
            if request.key in self._in_flight:
                yield _Awaited(request, self._in_flight[request.key], is_duplicate=True)
                continue
            outcome, form, attempts = found[request.key]
            if outcome is not None:
                self._set_statuses(outcome, attempts)
                yield _Awaited(request, outcome)
            elif request.key in ours:
                yield _Awaited(request, self._ask(request, form, attempts))
            else:
                yield _Awaited(request, None)

    def _resolve(self, requests: Iterable[Request]) -> dict[str, Resolved]:
        """What the store has of requests, by their keys."""
        wanted = list(requests)
        stored = self._store.lookup([request.key for request in wanted])
        return {
            request.key: resolve(self._store, request, stored.get(request.key, []), retry_failed=self._retry_failed)
            for request in wanted
        }

    def _acquire(self, keys: list[str]) -> set[str]:
        self._leases = self._leases or Leases(self._store)
        if self._done:
            self._leases.release(self._done)
            self._done.clear()
        return self._leases.acquire(keys)

    def _ask(self, request: Request, form: Request, attempts: Sequence[Attempt]) -> Pending:
        if self._asker is None:
            self._asker = Asker(self._meter, self._leases, retry_failed=self._retry_failed)
        pending = self._in_flight[request.key] = self._asker.submit(form, attempts)
        return pending

    def _set_statuses(self, outcome: Outcome, attempts: Sequence[Attempt]) -> None:
        """Set the final status of answers that a killed run stored without one."""
        deciding = last(attempts)
        for attempt in attempts:
            if attempt.status == faults.ANSWERED:
                self._store.set_status(attempt, outcome.status if attempt is deciding else "invalid")

    def _await(self, awaited: _Awaited) -> Outcome:
        if self._asker is not None and self._asker.fault is not None:
            raise self._asker.fault
        if isinstance(awaited.item, Outcome):
            return awaited.item
        pending = awaited.item or self._wait_for_another_run(awaited.request)
        if isinstance(pending, Outcome):
            return pending
        while not wait([pending], timeout=_TICK_S).done:
            self._tick()
        outcome = pending.result()
        if awaited.is_duplicate:
            return replace(outcome, from_store=True)
        del self._in_flight[awaited.request.key]
        self._done.append(awaited.request.key)
        return outcome

    def _wait_for_another_run(self, request: Request) -> Outcome | Pending:
        """The answer that another run has asked for, or our own call after that run has released the request."""
        while True:
            found = self._resolve([request])[request.key]
            if found[0] is not None:
                return found[0]
            if self._acquire([request.key]):
                outcome, form, attempts = self._resolve([request])[request.key]
                return outcome or self._ask(request, form, attempts)
            time.sleep(_CHECK_S)
            self._tick()

    def close(self) -> None:
        if self._asker is not None:
            self._asker.close()
        if self._leases is not None:
            self._leases.release_all()
        self._store.flush()

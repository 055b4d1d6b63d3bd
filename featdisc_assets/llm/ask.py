"""Asking many questions from synchronous code: known answers from the store, the rest through the meter, in order."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from featdisc_assets.llm import faults, reading
from featdisc_assets.llm.background import Asker, Pending
from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.meter import Meter
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.llm.store import AnswerStore, Attempt, last

# Requests looked up in the store at a time; also the least that is taken from the input ahead of the outcome awaited.
_BLOCK = 256
_REPORT_S = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: requests `done`, of them `failed` and `from_store`; calls `in_flight`; seconds so far."""

    done: int = 0
    failed: int = 0
    from_store: int = 0
    in_flight: int = 0
    seconds: float = 0.0


def ask_all(
    requests: Iterable[Request],
    *,
    store: AnswerStore,
    max_concurrency: int = 32,
    max_attempts: int = 5,
    timeout_s: float = 120.0,
    backoff_s: float = 1.0,
    retry_failed: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    admit: Callable[[Request], None] | None = None,
) -> Generator[Outcome]:
    """Answer requests, in their order, asking only for what is not in the store.

    The input is read in the caller's thread, a bounded window ahead of the outcome awaited. Calls go on in the
    background while the caller works on an outcome. Closing the iterator, or an exception in the caller, stops the
    asking: nothing further is sent, and calls in flight get ten seconds to land in the store.

    Args:
        requests: What to ask; read lazily.
        store: Where answers are kept; it must stay open until the iterator is exhausted or closed.
        max_concurrency: Calls in flight at most.
        max_attempts: Attempts a request at most for failures that may pass.
        timeout_s: Seconds an attempt may take; keep it at a minute or more, since a busy machine makes calls wait.
        backoff_s: First wait after a passing failure whose server names no time.
        retry_failed: Ask again also for what failed for good.
        on_progress: Called about once a second, and at the end.
        admit: Called with a request before each of its attempts, in the background thread; it stops the run by raising
            `MachineFault`, as a budget does.

    Raises:
        ModelError: If a model cannot be asked (its key is missing, its provider unknown): before anything is sent.
        MachineFault: If a failure would befall every request (key refused, no credit, unknown model).
    """
    gate = Gate(max_concurrency=max_concurrency, backoff_s=backoff_s)
    meter = Meter(store, gate=gate, max_attempts=max_attempts, timeout_s=timeout_s, admit=admit)
    run = _Run(meter, retry_failed=retry_failed)
    progress, started, reported = Progress(), time.monotonic(), 0.0
    try:
        for outcome in run.outcomes(iter(requests), window=max(_BLOCK, 4 * max_concurrency)):
            yield outcome
            progress = Progress(
                progress.done + 1,
                progress.failed + (not outcome.answered),
                progress.from_store + outcome.from_store,
                gate.in_flight,
                time.monotonic() - started,
            )
            if on_progress is not None and progress.seconds - reported >= _REPORT_S:
                reported = progress.seconds
                on_progress(progress)
        if on_progress is not None:
            on_progress(replace(progress, in_flight=0))
    finally:
        run.close()


def from_store(request: Request, attempts: Sequence[Attempt], *, retry_failed: bool = False) -> Outcome | None:
    """The outcome that a request's stored attempts settle, None if it is still to be asked.

    Args:
        request: The request.
        attempts: Its attempts, in order of asking.
        retry_failed: Whether to leave final failures open too.
    """
    row = last(attempts)
    if row is None:
        return None
    if row.status in (*faults.OK, faults.ANSWERED):
        value, mended = reading.parse(row.raw or "", request.answer)
        if value is None:
            return None
        reasked = any(earlier.status in (faults.ANSWERED, "invalid") for earlier in attempts[: attempts.index(row)])
        repaired = row.status == "repaired" or (row.status == faults.ANSWERED and (mended or reasked))
        status = "too_few" if value.n_items < request.at_least else "repaired" if repaired else "ok"
        return Outcome(request, status, value, from_store=True)
    if row.status in faults.FINAL and not retry_failed:
        if row.status == "truncated" and sum(attempt.status == "truncated" for attempt in attempts) == 1:
            return None  # killed before it was asked again with a larger limit
        return Outcome(request, row.status, error=row.error, from_store=True)
    return None


class _Run:
    """One pass over the requests; the background side begins with the first that must be asked."""

    def __init__(self, meter: Meter, *, retry_failed: bool) -> None:
        self._meter = meter
        self._store = meter.store
        self._retry_failed = retry_failed
        self._asker: Asker | None = None
        self._on_the_way: dict[str, Pending] = {}

    def outcomes(self, requests: Iterator[Request], window: int) -> Iterator[Outcome]:
        waiting: deque[_Awaited] = deque()
        while block := list(itertools.islice(requests, _BLOCK)):
            waiting.extend(self._begin(block))
            while len(waiting) > window:
                yield self._end(waiting.popleft())
        while waiting:
            yield self._end(waiting.popleft())

    def _begin(self, block: list[Request]) -> Iterator["_Awaited"]:
        # Those on their way are not looked up: between a lookup and its answer's arrival they would be asked twice.
        known = self._store.lookup([request.key for request in block if request.key not in self._on_the_way])
        for request in block:
            attempts = known.get(request.key, [])
            if request.key in self._on_the_way:
                yield _Awaited(request, self._on_the_way[request.key], is_twin=True)
            elif outcome := from_store(request, attempts, retry_failed=self._retry_failed):
                self._settle(outcome, attempts)
                yield _Awaited(request, outcome)
            else:
                pending = self._on_the_way[request.key] = self._ask(request, attempts)
                yield _Awaited(request, pending)

    def _ask(self, request: Request, attempts: Sequence[Attempt]) -> Pending:
        if self._asker is None:
            self._asker = Asker(self._meter)
        return self._asker.submit(request, attempts)

    def _settle(self, outcome: Outcome, attempts: Sequence[Attempt]) -> None:
        """Give answers that a killed run left unjudged the verdict that they have just been found to deserve."""
        deciding = last(attempts)
        for attempt in attempts:
            if attempt.status == faults.ANSWERED:
                self._store.settle(attempt, outcome.status if attempt is deciding else "invalid")

    def _end(self, awaited: "_Awaited") -> Outcome:
        if self._asker is not None and self._asker.fault is not None:
            raise self._asker.fault
        if isinstance(awaited.item, Outcome):
            return awaited.item
        outcome = awaited.item.result()
        if awaited.is_twin:
            return replace(outcome, request=awaited.request, from_store=True)
        del self._on_the_way[awaited.request.key]
        return outcome

    def close(self) -> None:
        if self._asker is not None:
            self._asker.close()
        self._store.flush()


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A place in the order of outcomes: known already, on its way, or on its way for an equal request before it."""

    request: Request
    item: Outcome | Pending
    is_twin: bool = False

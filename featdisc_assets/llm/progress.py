"""The progress of a run, reported about once a second."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.usage import Usage

_REPORT_S = 1.0
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A run's state at one moment.

    Attributes:
        done: Requests with an outcome, including `failed` and `from_store`.
        failed: Requests that ended without an answer.
        from_store: Requests whose outcome was stored before.
        in_flight: Calls in flight.
        concurrency: The concurrency limit now; lower than configured while the provider throttles.
        throttled: Calls turned away by a rate limit.
        requests_a_minute: The rate of HTTP requests over the last minute, or since the start.
        done_a_minute: The rate of outcomes.
        seconds: Since the start. All others are as in `Usage`.
    """

    done: int = 0
    failed: int = 0
    from_store: int = 0
    in_flight: int = 0
    concurrency: int = 0
    throttled: int = 0
    requests: int = 0
    requests_a_minute: float = 0.0
    done_a_minute: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    seconds: float = 0.0


class Reporter:
    """Counts outcomes and reports progress about once a second.

    Args:
        usage: The meter's usage.
        gate: The meter's gate.
        report: Called with the progress, if given.
        clock: Seconds, for tests.
    """

    def __init__(
        self,
        usage: Usage,
        gate: Gate,
        report: Callable[[Progress], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._usage, self._gate, self._report, self._clock = usage, gate, report, clock
        self._started = self._reported_at = clock()
        self._done = self._failed = self._from_store = 0
        # Time, requests and outcomes of each report within the last minute.
        self._past: deque[tuple[float, int, int]] = deque([(self._started, 0, 0)])

    def count(self, *, failed: bool, from_store: bool) -> None:
        """Count one outcome."""
        self._done += 1
        self._failed += failed
        self._from_store += from_store
        self.tick()

    def tick(self) -> None:
        """Report, if a second has passed since the last report."""
        if self._report is not None and self._clock() - self._reported_at >= _REPORT_S:
            self._report(self.now())

    def end(self) -> None:
        """Report the end."""
        if self._report is not None:
            self._report(self.now())

    def now(self) -> Progress:
        """The run's state now."""
        now, usage, gate = self._clock(), self._usage, self._gate
        self._reported_at = now
        self._past.append((now, usage.requests, self._done))
        while len(self._past) > 2 and now - self._past[1][0] >= _MINUTE_S:
            self._past.popleft()
        then, requests, done = self._past[0]
        minutes = max(now - then, 1e-9) / 60
        return Progress(
            done=self._done,
            failed=self._failed,
            from_store=self._from_store,
            in_flight=gate.in_flight,
            concurrency=gate.concurrency,
            throttled=gate.throttled,
            requests=usage.requests,
            requests_a_minute=(usage.requests - requests) / minutes,
            done_a_minute=(self._done - done) / minutes,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost_usd=usage.cost_usd,
            n_unpriced=usage.n_unpriced,
            seconds=now - self._started,
        )

"""The gate that every call passes: a concurrency limit, rate limits, and one pause for all."""

import asyncio
import math
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from featdisc_assets.llm.concurrency_limit import ConcurrencyLimit
from featdisc_assets.llm.rate_limit import RateLimit
from featdisc_assets.llm.retry_policy import backoff_s

_LONGEST_PAUSE_S = 600.0
_LONGEST_BACKOFF_S = 60.0
# After a pause, calls start spread over a tenth of its time, at most a second: all at once would be throttled again.
_SPREAD = 0.1
_LONGEST_SPREAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may ask of a server.

    Args:
        max_concurrency: Calls in flight at most; fewer while the server throttles.
        requests_per_minute: HTTP requests in any minute; None for no limit. At most 97% of it is used.
        tokens_per_minute: Tokens in any minute, of prompts and answers; None for no limit. A minute may exceed it by
            one call, so that a call larger than the limit passes too, alone.
        backoff_s: The first wait after a passing failure; it doubles with every further failure of the same call.

    Raises:
        ValueError: If a limit lets nothing through.
    """

    max_concurrency: int = 32
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    backoff_s: float = 1.0

    def __post_init__(self) -> None:
        if self.max_concurrency < 1:
            raise ValueError(f"max_concurrency is {self.max_concurrency}; allow at least 1 call at a time")
        for name in ("requests_per_minute", "tokens_per_minute"):
            rate = getattr(self, name)
            if rate is not None and not 0 < rate < math.inf:
                raise ValueError(f"{name} is {rate}; give a number above 0, or None for no limit")
        if not 0 <= self.backoff_s < math.inf:
            raise ValueError(f"backoff_s is {self.backoff_s}; give 0 seconds or more")


class Gate:
    """Limits calls in flight and their rate, and pauses all of them when the server asks for it.

    Calls are admitted in order, retries before first attempts. A gate belongs to one event loop, but may be made
    outside of it.

    Args:
        limits: The limits.

    Attributes:
        in_flight: Calls admitted and not ended.
        throttled: Throttled calls so far.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.in_flight = 0
        self.throttled = 0
        self._concurrency = ConcurrencyLimit(limits.max_concurrency)
        self._n_pauses = 0
        rates = limits.requests_per_minute, limits.tokens_per_minute
        self._requests, self._tokens = (None if rate is None else RateLimit(rate) for rate in rates)
        self._paused_until, self._gap_s, self._to_spread = -math.inf, 0.0, 0
        self._retries: deque[tuple[asyncio.Future[None], int]] = deque()
        self._first: deque[tuple[asyncio.Future[None], int]] = deque()
        self._cuts_at_start: dict[asyncio.Task[Any] | None, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()

    @property
    def concurrency(self) -> int:
        """The concurrency limit now: it falls while throttling is frequent, and rises again."""
        return self._concurrency.current

    @asynccontextmanager
    async def slot(self, tokens: int = 0, *, is_retry: bool = False) -> AsyncIterator[None]:
        """Hold a slot for a call, after waiting for a free one, for the end of a pause, and for the rate limits.

        Args:
            tokens: Expected tokens of prompt and answer; `record` corrects them.
            is_retry: Whether it is a further attempt: those go first, so that calls that have begun end soon.

        Raises:
            CancelledError: If the gate is closed before the call is admitted.
        """
        self._check()
        waiter = asyncio.get_running_loop().create_future()
        (self._retries if is_retry else self._first).append((waiter, tokens))
        self._advance()
        try:
            await waiter
            self._check()
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self._leave()  # it was admitted just before
            raise
        task = asyncio.current_task()
        self._cuts_at_start[task] = self._concurrency.cuts
        try:
            yield
        finally:
            del self._cuts_at_start[task]
            self._leave()

    def record(
        self, *, throttled: bool, wait_s: float | None = None, expected: int = 0, used: int | None = None
    ) -> None:
        """Record how a call ended; to be called inside its slot.

        Args:
            throttled: Whether the server turned it away because of too many calls.
            wait_s: Seconds for which the server asked for no calls.
            expected: The tokens that its slot was taken for.
            used: The tokens that it used; None if unknown.
        """
        if wait_s is not None:
            self.pause(wait_s)
        if self._tokens is not None and used is not None:
            self._tokens.correct(used - expected)
        self.throttled += throttled
        if not throttled:
            self._n_pauses = 0
        # A call sent before a cut says nothing about the lower limit after it.
        if self._cuts_at_start.get(asyncio.current_task()) != self._concurrency.cuts:
            return
        if self._concurrency.record(throttled=throttled, is_reached=self.in_flight >= self.concurrency):
            # The limit is 1 already: only waiting helps.
            self._n_pauses += 1
            self.pause(self._backoff(self._n_pauses))

    def pause(self, seconds: float) -> None:
        """Admit no call for so long (ten minutes at most); calls in flight go on."""
        seconds = min(seconds, _LONGEST_PAUSE_S)
        until = asyncio.get_running_loop().time() + seconds
        if seconds > 0 and until > self._paused_until:
            spread = min(_LONGEST_SPREAD_S, _SPREAD * seconds)
            self._paused_until = until + random.uniform(0, spread)
            self._gap_s, self._to_spread = spread / self.concurrency, self.concurrency - 1

    def close(self) -> None:
        """Admit no further calls, and cancel all that wait."""
        self._closed.set()
        if self._timer is not None:
            self._timer.cancel()
        for waiter, _ in (*self._retries, *self._first):
            waiter.cancel("the run has ended")

    async def back_off(self, failures: int) -> None:
        """Wait before a retry: half to all of the doubled time, so that calls that failed together come back apart.

        Raises:
            CancelledError: If the gate is closed.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._backoff(failures) * random.uniform(0.5, 1.0)):
                await self._closed.wait()
            self._check()

    def _backoff(self, failures: int) -> float:
        return backoff_s(self.limits.backoff_s, failures, _LONGEST_BACKOFF_S)

    def _check(self) -> None:
        if self._closed.is_set():
            raise asyncio.CancelledError("the run has ended")

    def _leave(self) -> None:
        self.in_flight -= 1
        self._advance()

    def _advance(self) -> None:
        """Admit the calls at the front of the queues that may start now; set a timer if the next must only wait."""
        while (queue := self._retries or self._first) and self.in_flight < self.concurrency:
            waiter, tokens = queue[0]
            if not waiter.done():
                now = asyncio.get_running_loop().time()
                if (start := self._next_start()) > now:
                    self._wake_at(start)
                    return
                self._admit(now, tokens)
                waiter.set_result(None)
            queue.popleft()

    def _next_start(self) -> float:
        limits = (self._requests, self._tokens)
        return max([self._paused_until, *(limit.next_at for limit in limits if limit is not None)])

    def _admit(self, now: float, tokens: int) -> None:
        self.in_flight += 1
        if self._to_spread:
            self._to_spread -= 1
            self._paused_until += self._gap_s * random.uniform(0, 2)
        if self._requests is not None:
            self._requests.acquire(now)
        if self._tokens is not None:
            self._tokens.acquire(now, tokens)

    def _wake_at(self, when: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= when:
                return  # the earlier timer advances the queues too
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._advance()

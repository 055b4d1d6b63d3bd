"""How many calls are let through at a time, how fast, and when all of them wait."""

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

_LONGEST_PAUSE_S = 600.0
_LONGEST_BACKOFF_S = 60.0
# After a pause, calls leave over a tenth of its time, at most a second: all at once would only be sent away again.
_SPREAD = 0.1
_LONGEST_SPREAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may ask of a server.

    Args:
        max_concurrency: Calls in flight at most; fewer while the server throttles.
        requests_per_minute: HTTP requests in any minute; None for no limit. 97% of it is used at most.
        tokens_per_minute: Tokens in any minute, of prompts and answers; None for no limit. A minute may hold one call
            more, so that a call beyond the limit passes too, alone.
        backoff_s: The first wait after a passing failure; it doubles with every further one of the same call.

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
    """What every call passes: bounds on calls in flight and on their rate, and one pause that all share.

    Calls are let through in the order they came, further attempts before first ones. A gate belongs to one event loop;
    it may be made outside of it.

    Args:
        limits: What it holds to.

    Attributes:
        in_flight: Calls let through and not yet back.
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
        self._ended = asyncio.Event()

    @property
    def concurrency(self) -> int:
        """The bound on calls in flight now: it falls while throttling is clustered, and climbs back."""
        return self._concurrency.current

    @asynccontextmanager
    async def slot(self, tokens: int = 0, *, is_retry: bool = False) -> AsyncIterator[None]:
        """Hold one of the places for a call; waits for a place, the end of a pause, and the turn by the rates.

        Args:
            tokens: What the call is expected to use, of prompt and answer; `learn` corrects it.
            is_retry: Whether it is a further attempt: those go before first ones, so that what is begun is ended.

        Raises:
            CancelledError: If the gate is shut, or is shut while the call waits.
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
                self._leave()  # its turn had come just before
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
        """Take note of what became of a call; called inside its slot.

        Args:
            throttled: Whether the server sent it away for there being too many.
            wait_s: For how many seconds the server wants no calls.
            expected: The tokens its slot was taken for.
            used: The tokens it used; None if unknown.
        """
        if wait_s is not None:
            self.pause(wait_s)
        if self._tokens is not None and used is not None:
            self._tokens.correct(used - expected)
        self.throttled += throttled
        if not throttled:
            self._n_pauses = 0
        # What was sent before a cut says nothing about the bound after it.
        counts = self._cuts_at_start.get(asyncio.current_task()) == self._concurrency.cuts
        if counts and self._concurrency.record(
            throttled=throttled, is_reached=self.in_flight >= self._concurrency.current
        ):
            # Fewer at a time is no more possible: only waiting helps.
            self.pause(self._backoff(self._n_pauses))
            self._n_pauses += 1

    def pause(self, seconds: float) -> None:
        """Let no call through for so long (ten minutes at most); calls in flight are left alone."""
        seconds = min(seconds, _LONGEST_PAUSE_S)
        until = asyncio.get_running_loop().time() + seconds
        if seconds > 0 and until > self._paused_until:
            spread = min(_LONGEST_SPREAD_S, _SPREAD * seconds)
            self._paused_until = until + random.uniform(0, spread)
            self._gap_s, self._to_spread = spread / self.concurrency, self.concurrency - 1

    def close(self) -> None:
        """Let no call through any more, and end the waiting of all that wait."""
        self._ended.set()
        if self._timer is not None:
            self._timer.cancel()
        for waiter, _ in (*self._retries, *self._first):
            waiter.cancel("the run has ended")

    async def back_off(self, failures: int) -> None:
        """Wait before asking again: half to all of the doubled time, so that calls failed together come back apart.

        Raises:
            CancelledError: If the gate is shut.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._backoff(failures - 1) * random.uniform(0.5, 1.0)):
                await self._ended.wait()
            self._check()

    def _backoff(self, doublings: int) -> float:
        return min(_LONGEST_BACKOFF_S, self.limits.backoff_s * 2.0 ** min(doublings, 20))

    def _check(self) -> None:
        if self._ended.is_set():
            raise asyncio.CancelledError("the run has ended")

    def _leave(self) -> None:
        self.in_flight -= 1
        self._advance()

    def _advance(self) -> None:
        """Let through who may go now, from the front of the queues; set the clock if the next only has to wait."""
        while (queue := self._retries or self._first) and self.in_flight < self._concurrency.current:
            waiter, tokens = queue[0]
            if not waiter.done():
                now = asyncio.get_running_loop().time()
                if (turn := self._next_start()) > now:
                    self._wake_at(turn)
                    return
                self._admit(now, tokens)
                waiter.set_result(None)
            queue.popleft()

    def _next_start(self) -> float:
        turn = self._paused_until
        if self._requests is not None:
            turn = max(turn, self._requests.next_at)
        if self._tokens is not None:
            turn = max(turn, self._tokens.next_at)
        return turn

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
                return  # it looks again then
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._advance()

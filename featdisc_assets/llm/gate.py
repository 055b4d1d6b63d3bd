"""How many calls are let through at a time, and when all of them wait."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_LONGEST_PAUSE_S = 600.0
_LONGEST_BACKOFF_S = 60.0


class Gate:
    """A bound on calls in flight, with one pause that all calls share.

    Args:
        max_concurrency: Calls in flight at most.
        backoff_s: The first wait after a passing failure; it doubles with every further one of the same call.
    """

    def __init__(self, *, max_concurrency: int, backoff_s: float) -> None:
        if max_concurrency < 1:
            raise ValueError(f"max_concurrency is {max_concurrency}; allow at least 1 call at a time")
        self._slots = asyncio.Semaphore(max_concurrency)
        self._backoff_s = backoff_s
        self._open_at = 0.0
        self._is_shut = False
        self.in_flight = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the places for a call; waits for a place and for the end of a pause."""
        async with self._slots:
            loop = asyncio.get_running_loop()
            while (wait := self._open_at - loop.time()) > 0 and not self._is_shut:
                await asyncio.sleep(wait)
            if self._is_shut:
                raise asyncio.CancelledError("the run has ended")
            self.in_flight += 1
            try:
                yield
            finally:
                self.in_flight -= 1

    def pause(self, seconds: float) -> None:
        """Let no call through for so long (ten minutes at most); calls in flight are left alone."""
        until = asyncio.get_running_loop().time() + min(seconds, _LONGEST_PAUSE_S)
        self._open_at = max(self._open_at, until)

    def shut(self) -> None:
        """Let no call through any more."""
        self._is_shut = True

    async def back_off(self, failures: int) -> None:
        """Wait before asking again: half to all of the doubled time, so that calls failed together come back apart."""
        longest = min(_LONGEST_BACKOFF_S, self._backoff_s * 2 ** (failures - 1))
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))

"""The circuit breaker: stops a run when its failures share a cause, so that further attempts would be wasted."""

import time
from collections.abc import Callable

from featdisc_assets.llm import faults

# Requests in a row that fail alike: before the run's first answer, and after it.
_LIMIT_BEFORE_ANSWER = 20
_LIMIT_AFTER_ANSWER = 200
# A server that is just starting refuses connections for a moment.
_GRACE_S = 10.0
_SERVER_FAILURES = ("rejected", *faults.PASSING)
# Every such answer is billed: if none of the first can be used, the settings are wrong.
_SETTINGS_FAILURES = ("truncated", "invalid")


class CircuitBreaker:
    """Counts a run's failures, and says when to stop.

    Args:
        clock: Seconds, for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._was_reached = False
        self._answers = 0
        self._n_alike: dict[str, int] = {}
        self._refused = 0
        self._refused_since: float | None = None

    def record_answer(self) -> None:
        """Count a request that was answered."""
        self._answers += 1
        self._n_alike.clear()

    def record_attempt(self, status: str) -> bool:
        """Count an attempt; True if the server was never reached, by enough attempts over a long enough time."""
        self._was_reached |= status != "connection"
        if self._was_reached:
            return False
        self._refused += 1
        self._refused_since = self._clock() if self._refused_since is None else self._refused_since
        return self._refused >= _LIMIT_BEFORE_ANSWER and self._clock() - self._refused_since >= _GRACE_S

    def record_failure(self, status: str) -> int:
        """Count a request that ended without an answer.

        Returns:
            The number of requests in a row that ended alike if it reaches the limit, else 0.
        """
        if status not in (*_SERVER_FAILURES, *_SETTINGS_FAILURES):
            self._n_alike.clear()  # the server works, and decides on each request
            return 0
        count = self._n_alike[status] = self._n_alike.get(status, 0) + 1
        if self._answers == 0:
            return count if count >= _LIMIT_BEFORE_ANSWER else 0
        return count if count >= _LIMIT_AFTER_ANSWER and status in _SERVER_FAILURES else 0

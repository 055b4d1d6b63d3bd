"""When failures are no accident of single requests any more, and asking on would only burn time and attempts."""

import time
from collections.abc import Callable

from featdisc_assets.llm import faults

# Requests in a row that failed for good without any answer before them, or after one.
_FROM_THE_START = 20
_LATER = 200
# A server that is just coming up refuses connections for a moment.
_GRACE_S = 10.0
_OF_THE_SERVER = ("rejected", *faults.PASSING)
# Paid for each time: when no answer at all could be used, it is the settings.
_OF_THE_SETTINGS = ("truncated", "invalid")


class CircuitBreaker:
    """Watches a run's attempts and requests, and says when it is hopeless.

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
        """A request came to an answer."""
        self._answers += 1
        self._n_alike.clear()

    def record_attempt(self, status: str) -> bool:
        """Count an attempt; True when nothing was ever heard of the server, often and long enough."""
        self._was_reached |= status != "connection"
        if self._was_reached:
            return False
        self._refused += 1
        self._refused_since = self._clock() if self._refused_since is None else self._refused_since
        return self._refused >= _FROM_THE_START and self._clock() - self._refused_since >= _GRACE_S

    def record_failure(self, status: str) -> int:
        """Count a request that has ended without an answer.

        Returns:
            How many ended alike in a row, when they are too many to be an accident; else 0.
        """
        if status not in (*_OF_THE_SERVER, *_OF_THE_SETTINGS):
            self._n_alike.clear()  # the server is there, and judges each request by itself
            return 0
        count = self._n_alike[status] = self._n_alike.get(status, 0) + 1
        if self._answers == 0:
            return count if count >= _FROM_THE_START else 0
        return count if count >= _LATER and status in _OF_THE_SERVER else 0

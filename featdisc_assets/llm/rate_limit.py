"""A rate limit that holds in every minute, not only on average."""

import math

_MINUTE_S = 60.0
# A call may start this early: it uses idle time, and makes up for a late timer.
_BURST_S = 1.0
# Calls that are sent evenly do not arrive evenly.
_JITTER_S = 1.0


class RateLimit:
    """A rate per minute, by the generic cell rate algorithm: evenly spread, with bursts of a second's worth.

    Burst and jitter are taken out of the rate, not added to it: it is 97% of the limit, and no minute has more calls
    than the limit if each counts 1. If calls count more, a minute may exceed the limit by one call.

    Args:
        per_minute: The limit; above 0.
    """

    __slots__ = ("_due", "_each_s")

    def __init__(self, per_minute: float) -> None:
        self._each_s = (_MINUTE_S + _BURST_S + _JITTER_S) / per_minute
        self._due = -math.inf

    @property
    def next_at(self) -> float:
        """When the next call may start, by the clock that `acquire` is given; the same for a call beyond the limit."""
        return self._due - _BURST_S

    def acquire(self, now: float, amount: float = 1.0) -> None:
        """Count a call that starts now."""
        self._due = max(self._due, now) + amount * self._each_s

    def correct(self, amount: float) -> None:
        """Add to the amount of an earlier call, or subtract from it."""
        self._due += amount * self._each_s

"""How fast calls may leave: so much a minute, in every minute and not only on average."""

import math

_MINUTE_S = 60.0
# A call may be this early: what idle time earns, and what a late timer catches up on.
_BURST_S = 1.0
# Calls that leave evenly do not arrive evenly.
_JITTER_S = 1.0


class RateLimit:
    """A rate per minute, by the generic cell rate algorithm: evenly spread, with bursts of a second's worth.

    Burst and unevenness on the way are taken out of the rate, not added to it: it is 97% of the limit, and no minute
    holds more than the limit of calls that count 1. Of calls that count more, a minute may pass it by one call.

    Args:
        per_minute: The limit; above 0.
    """

    __slots__ = ("_due", "_each_s")

    def __init__(self, per_minute: float) -> None:
        self._each_s = (_MINUTE_S + _BURST_S + _JITTER_S) / per_minute
        self._due = -math.inf

    @property
    def next_at(self) -> float:
        """When the next call may leave, by the clock that `take` is told; never later for a call beyond the limit."""
        return self._due - _BURST_S

    def acquire(self, now: float, amount: float = 1.0) -> None:
        """Count a call that leaves now."""
        self._due = max(self._due, now) + amount * self._each_s

    def correct(self, amount: float) -> None:
        """Count so much more, or less, for a call that left before."""
        self._due += amount * self._each_s

"""How many calls a server takes at a time, learned from how it answers."""

# Chosen with simulated servers: one call in five throttled at random leaves the limit alone, while servers that hold 8
# calls or take 5 a second are asked 1.4 times per answer. Halving took a sixth more time there.
_THROTTLED_SHARE = 1 / 3
_CUT = 0.7
# The share of throttled calls is taken over at least this many recent calls.
_MIN_CALLS = 20


class ConcurrencyLimit:
    """An AIMD limit: multiplied by 0.7 when throttling is frequent, plus one after a round of calls without.

    Args:
        max_calls: Where it starts, and its maximum.

    Attributes:
        current: The limit now.
        cuts: How often it was lowered.
    """

    def __init__(self, max_calls: int) -> None:
        self.current = max_calls
        self.cuts = 0
        self._max_calls = max_calls
        self._share = 0.0
        self._n_ok = 0

    def record(self, *, throttled: bool, is_reached: bool) -> bool:
        """Record a call; True if throttling is frequent although the limit is 1.

        Args:
            throttled: Whether the server turned it away.
            is_reached: Whether the limit was reached; otherwise a success does not show that more calls would pass.
        """
        # An exponential mean over about the last round of calls.
        self._share += (throttled - self._share) / max(self.current, _MIN_CALLS)
        if self._share > _THROTTLED_SHARE:
            is_least = self.current == 1
            self.current = max(1, int(_CUT * self.current))
            self.cuts += 1
            self._share, self._n_ok = 0.0, 0
            return is_least
        if is_reached and not throttled:
            self._n_ok += 1
            if self._n_ok >= self.current:
                self.current = min(self._max_calls, self.current + 1)
                self._n_ok = 0
        return False

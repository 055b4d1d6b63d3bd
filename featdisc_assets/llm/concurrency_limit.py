"""How many calls a server takes at a time, found out from how it answers."""

# Chosen by simulated servers: one call in five thrown away at random leaves the bound alone, while servers that hold 8
# calls or take 5 a second are asked 1.4 times per answer. Halving cost a sixth more time there.
_THROTTLED_SHARE = 1 / 3
_CUT = 0.7
# The least number of recent calls that the share of throttled ones is taken of.
_MIN_CALLS = 20


class ConcurrencyLimit:
    """How many calls may be in flight: fewer when throttling is clustered, one more after a round without.

    Args:
        max_calls: Where it starts, and what it climbs back to.

    Attributes:
        now: The bound.
        cuts: How often it was lowered.
    """

    def __init__(self, max_calls: int) -> None:
        self.current = max_calls
        self.cuts = 0
        self._max_calls = max_calls
        self._share = 0.0
        self._n_ok = 0

    def record(self, *, throttled: bool, is_reached: bool) -> bool:
        """Take note of a call; True if throttling is clustered though the bound is 1.

        Args:
            throttled: Whether the server sent it away.
            is_reached: Whether as many were in flight as the bound allows; else it is no proof that more would go well.
        """
        # The share of throttled calls among those of about the last round.
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

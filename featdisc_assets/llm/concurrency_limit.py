"""How many calls a server takes at a time, found out from how it answers."""

# Chosen by simulated servers: one call in five thrown away at random leaves the bound alone, while servers that hold 8
# calls or take 5 a second are asked 1.4 times per answer. Halving cost a sixth more time there.
_CLUSTERED = 1 / 3
_CUT = 0.7
# The least number of recent calls that the share of throttled ones is taken of.
_FEW = 20


class Bound:
    """How many calls may be in flight: fewer when throttling is clustered, one more after a round without.

    Args:
        most: Where it starts, and what it climbs back to.

    Attributes:
        now: The bound.
        cuts: How often it was lowered.
    """

    def __init__(self, most: int) -> None:
        self.now = most
        self.cuts = 0
        self._most = most
        self._share = 0.0
        self._well = 0

    def learn(self, *, throttled: bool, is_reached: bool) -> bool:
        """Take note of a call; True if throttling is clustered though the bound is 1.

        Args:
            throttled: Whether the server sent it away.
            is_reached: Whether as many were in flight as the bound allows; else it is no proof that more would go well.
        """
        # The share of throttled calls among those of about the last round.
        self._share += (throttled - self._share) / max(self.now, _FEW)
        if self._share > _CLUSTERED:
            is_least = self.now == 1
            self.now = max(1, int(_CUT * self.now))
            self.cuts += 1
            self._share, self._well = 0.0, 0
            return is_least
        if is_reached and not throttled:
            self._well += 1
            if self._well >= self.now:
                self.now = min(self._most, self.now + 1)
                self._well = 0
        return False

"""When a failed attempt is repeated, and after how long: for live calls, embeddings and batches."""

from dataclasses import dataclass

# A call that a rate limit turns away gets this many times the attempts of other failures: waiting solves it.
THROTTLED_FACTOR = 4
# After a rate limit the gate holds all calls back, so a call's own wait stops doubling here.
_MAX_THROTTLED_STEP = 3
_MAX_DOUBLINGS = 20


def backoff_s(first_s: float, failures: int, longest_s: float) -> float:
    """Exponential backoff: seconds to wait after so many failures, before jitter."""
    return min(longest_s, first_s * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))


@dataclass(slots=True)
class Retries:
    """The failed attempts of one call.

    Attributes:
        throttled_apart: Whether attempts that a rate limit turned away are counted apart from other failures.
        failures: Failed attempts, without those counted apart.
        throttled: Throttled attempts, if they are counted apart.
    """

    throttled_apart: bool = True
    failures: int = 0
    throttled: int = 0

    def allows(self, status: str, max_attempts: int) -> bool:
        """Count a failed attempt; True if the attempts that a call has after this kind of failure are not used up."""
        if self._is_apart(status):
            self.throttled += 1
            return self.throttled < max_attempts
        self.failures += 1
        return self.failures < max_attempts

    def backoff_step(self, status: str) -> int:
        """The number of failures to compute the wait before the next attempt from."""
        return min(self.throttled, _MAX_THROTTLED_STEP) if self._is_apart(status) else self.failures

    def _is_apart(self, status: str) -> bool:
        return self.throttled_apart and status == "rate_limited"

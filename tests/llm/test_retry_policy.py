"""When a failed attempt is repeated, and after how long."""

import pytest

from featdisc_assets.llm.retry_policy import Retries, backoff_s


@pytest.mark.parametrize(
    ("statuses", "throttled_apart", "allowed", "step"),
    [
        (["timeout"], True, True, 1),
        (["timeout"] * 3, True, False, 3),
        (["rate_limited"] * 2, True, True, 2),
        (["rate_limited"] * 2 + ["timeout"] * 2, True, True, 2),
        (["timeout"] * 2 + ["rate_limited"], True, True, 1),
        (["rate_limited"] * 2 + ["timeout"], False, False, 3),
    ],
)
def test_throttled_attempts_are_counted_apart_if_wanted(
    statuses: list[str], throttled_apart: bool, allowed: bool, step: int
) -> None:
    retries = Retries(throttled_apart)
    assert [retries.allows(status, 3) for status in statuses][-1] is allowed
    assert retries.backoff_step(statuses[-1]) == step


def test_the_wait_after_rate_limits_stops_doubling() -> None:
    retries = Retries()
    assert all(retries.allows("rate_limited", 100) for _ in range(50))
    assert retries.backoff_step("rate_limited") == 3


def test_the_backoff_doubles_up_to_its_longest() -> None:
    assert [backoff_s(2.0, failures, 60.0) for failures in (1, 2, 3, 9, 5_000)] == [2, 4, 8, 60, 60]

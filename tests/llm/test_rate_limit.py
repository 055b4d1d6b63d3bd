import math
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from featdisc_assets.llm.rate_limit import RateLimit

GAP = st.one_of(st.just(0.0), st.sampled_from([0.01, 1.0, 29.5, 60.0, 61.0]), st.floats(0, 70))
GAPS = st.lists(GAP, min_size=1, max_size=300)
RATES = st.one_of(st.integers(1, 2000), st.floats(0.1, 2000))


def leave(limit: RateLimit, gaps: list[float], amounts: list[float], start: float = 0.0) -> list[float]:
    """When calls start that arrive after these gaps, one after another."""
    came, left = start, [start]
    for gap, amount in zip(gaps, amounts, strict=True):
        came += gap
        now = max(came, left[-1], limit.next_at)
        limit.acquire(now, amount)
        left.append(now)
    return left[1:]


def busiest_minute(times: list[float], amounts: list[float]) -> float:
    """The largest amount in any minute, without its end."""
    return max(
        sum(amount for time, amount in zip(times, amounts, strict=True) if first <= time < first + 60)
        for first in times
    )


@given(rate=RATES, gaps=GAPS, start=st.sampled_from([0.0, 1e3, 1e7]))
@example(rate=1, gaps=[0.0, 0.0], start=0.0)
@example(rate=100, gaps=[0.0] * 300, start=0.0)
@example(rate=100, gaps=[0.0] * 90 + [60.0] + [0.0] * 150, start=0.0)
@example(rate=0.5, gaps=[0.0, 61.0, 0.0], start=0.0)
def test_no_minute_holds_more_requests_than_the_limit(rate: float, gaps: list[float], start: float) -> None:
    ones = [1.0] * len(gaps)
    assert busiest_minute(leave(RateLimit(rate), gaps, ones, start), ones) <= math.ceil(rate)


@given(
    rate=st.integers(1, 100_000),
    calls=st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.5, 20.0, 90.0]), st.integers(0, 5000)), min_size=1),
)
def test_no_minute_holds_more_tokens_than_the_limit_and_one_call(rate: int, calls: list[tuple[float, int]]) -> None:
    gaps, amounts = [gap for gap, _ in calls], [float(amount) for _, amount in calls]
    assert busiest_minute(leave(RateLimit(rate), gaps, amounts), amounts) <= rate + max(amounts)


@pytest.mark.parametrize("rate", [1, 2, 7.5, 30, 600, 5000])
def test_the_rate_is_reached_under_load(rate: float) -> None:
    n_calls = max(3, int(3 * rate))
    left = leave(RateLimit(rate), [0.0] * n_calls, [1.0] * n_calls)
    assert 0.95 * rate <= 60 * (n_calls - 1) / left[-1] <= 1.05 * rate


def test_late_timers_do_not_lower_the_rate() -> None:
    limit, now, rng = RateLimit(600), 0.0, random.Random(1)
    for _ in range(1800):
        now = max(now, limit.next_at + rng.uniform(0, 0.5))
        limit.acquire(now)
    assert 60 * 1800 / now >= 0.95 * 600


def test_calls_start_evenly_after_a_burst_of_a_second() -> None:
    left = leave(RateLimit(620), [0.0] * 100, [1.0] * 100)
    assert left[:11] == [0.0] * 11
    assert left[11:] == pytest.approx([0.1 * number for number in range(1, 90)])


def test_a_call_larger_than_the_limit_passes_and_delays_the_next() -> None:
    left = leave(RateLimit(1000), [0.0, 0.0, 0.0], [5000, 1, 1])
    assert left == pytest.approx([0, 309, 309.062])


@given(expected=st.integers(1, 4000), used=st.integers(1, 4000))
@example(expected=2414, used=660)
@example(expected=4000, used=1)
@example(expected=1, used=4000)
def test_corrected_amounts_count_in_the_long_run(expected: int, used: int) -> None:
    limit, now, waiting = RateLimit(62_000), 0.0, []
    for _ in range(1000):
        now = max(now, limit.next_at)
        limit.acquire(now, expected)
        waiting.append(used - expected)
        if len(waiting) == 8:
            limit.correct(waiting.pop(0))
    # The last calls are not corrected yet, and the first second is free.
    assert 1000 * now == pytest.approx(1000 * used, abs=8 * abs(used - expected) + 5000)

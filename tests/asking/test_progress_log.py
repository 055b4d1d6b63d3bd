"""Progress lines and numbers of requests to a model, and the time left."""

import pytest

from featdisc_assets.asking.progress_log import TimeLeft, batch_line, line, numbers, short_count
from featdisc_assets.llm.batch.batch_usage import BatchUsage
from featdisc_assets.llm.progress import Progress

WHOLE = Progress(
    done=1_234, failed=12, from_store=1_000, in_flight=128, concurrency=128, requests=8_312, requests_a_minute=8_012.4,
    tokens_in=4_100_000, tokens_out=1_234_567, cost_usd=3.2149, seconds=61.0,
)  # fmt: skip


def test_a_line_has_every_figure() -> None:
    assert line("user pieces", 300_000, WHOLE, seconds_left=2_460, max_concurrency=128) == (
        "user pieces: 1,234 of 300,000 done · 1,000 already answered · 12 failed · 128 in flight"
        " · 8,012 requests a minute · 4.1M tokens in, 1.2M out · $3.21 · 41 min left"
    )


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (Progress(), "names: 0 of 9 done"),
        (Progress(done=9, from_store=9), "names: 9 of 9 done · 9 already answered"),
        (Progress(done=1, in_flight=2), "names: 1 of 9 done · 2 in flight"),
        # Throttling shows only while it lowers the limit.
        (Progress(done=1, throttled=3, concurrency=32), "names: 1 of 9 done"),
        (Progress(done=1, throttled=3, concurrency=7), "names: 1 of 9 done · throttled to 7 at a time"),
        (Progress(done=9, n_unpriced=4), "names: 9 of 9 done · 4 answers with unknown price"),
    ],
)
def test_a_line_leaves_out_zeros(progress: Progress, says: str) -> None:
    assert line("names", 9, progress, max_concurrency=32) == says


@pytest.mark.parametrize(
    ("seconds", "says"), [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (5_340, "89 min"), (7_800, "2 h 10 min")]
)
def test_the_time_left_in_words(seconds: float, says: str) -> None:
    assert line("names", 9, Progress(), seconds_left=seconds).endswith(f" · {says} left")


@pytest.mark.parametrize(
    ("count", "says"), [(0, "0"), (999, "999"), (1_000, "1.0k"), (41_000, "41k"), (4_100_000, "4.1M"), (2e9, "2.0G")]
)
def test_counts_are_short(count: int, says: str) -> None:
    assert short_count(count) == says


def at(seconds: float, done: int, from_store: int = 0) -> Progress:
    return Progress(done=done, from_store=from_store, seconds=seconds)


def test_the_time_left_goes_by_the_last_minute() -> None:
    left = TimeLeft(total=10_000)
    for second in range(600):  # ten fast minutes
        left.after(at(second, second * 10))
    found = [left.after(at(600 + second, 6_000 + second)) for second in range(1, 121)]  # then a slow one
    assert found[-1] == pytest.approx(10_000 - 6_120, rel=0.02)


def test_stored_answers_do_not_count_in_the_rate() -> None:
    left = TimeLeft(total=100_000)
    assert left.after(at(5, 50_000, from_store=50_000)) is None
    assert left.after(at(6, 50_010, from_store=50_000)) is None  # too early
    assert left.after(at(15, 50_100, from_store=50_000)) == pytest.approx(49_900 / 10, rel=0.01)


def test_stored_answers_still_to_come_take_no_time() -> None:
    """The plan knows that 100 of 100,000 texts are new."""
    left = TimeLeft(total=100_000, to_ask=100)
    left.after(at(1, 1_000, from_store=1_000))
    assert left.after(at(11, 20_000, from_store=19_980)) == pytest.approx(80 / 2, rel=0.1)


def test_an_outdated_plan_is_ignored() -> None:
    left = TimeLeft(total=1_000, to_ask=5)
    assert left.after(at(10, 100)) == pytest.approx(90)


def test_no_time_is_left_at_the_end() -> None:
    left = TimeLeft(total=10)
    assert left.after(at(5, 10)) == 0


def test_every_number_is_numeric() -> None:
    found = numbers(WHOLE, total=300_000, seconds_left=60)
    assert all(isinstance(value, int | float) for value in found.values())
    assert found["dollars"] == 3.2149
    assert found["minutes left"] == 1
    assert "minutes left" not in numbers(WHOLE, total=300_000)


def test_the_line_of_batches() -> None:
    assert batch_line(BatchUsage(batches=2, under_way=2, submitted=4_000)) == (
        "batches: 2 submitted · 2 in progress · 0 of 4,000 texts answered"
    )
    tally = BatchUsage(
        batches=2, under_way=1, submitted=4_000, completed=1_990, failed=10, imported=2_000, tokens_in=10**6,
        tokens_out=320_000, cost_usd=0.5,
    )  # fmt: skip
    assert batch_line(tally) == (
        "batches: 2 submitted · 1 in progress · 1,990 of 4,000 texts answered · 10 failed · 2,000 results stored"
        " · 1.0M tokens in, 320k out · $0.50"
    )

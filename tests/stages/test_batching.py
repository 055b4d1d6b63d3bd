"""Shuffled batches and what is made of their scores."""

from hypothesis import given
from hypothesis import strategies as st

from featdisc_assets.stages import batching


@given(st.integers(0, 60), st.integers(1, 12), st.integers(1, 4), st.integers(0, 5))
def test_every_position_once_a_round(n: int, size: int, rounds: int, seed: int) -> None:
    batches = batching.shuffled_batches(n, size=size, rounds=rounds, seed=seed)
    assert sorted(position for batch in batches for position in batch) == sorted(list(range(n)) * rounds)
    assert all(1 <= len(batch) <= size for batch in batches)
    assert batches == batching.shuffled_batches(n, size=size, rounds=rounds, seed=seed)


def test_rounds_differ_in_company() -> None:
    batches = batching.shuffled_batches(20, size=10, rounds=2, seed=0)
    assert set(batches[0]) != set(batches[2])


def test_mean_spread_and_number() -> None:
    found = batching.mean_interest(3, [([0, 1], [10, None]), ([1, 0], [50, 30])])
    assert found == [
        batching.Interest(20.0, 10.0, 2),
        batching.Interest(50.0, 0.0, 1),
        batching.Interest(None, None, 0),
    ]

"""Association figures against references and against chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact

from featdisc_assets.stages import association


def one(n: int, left: int, right: int, both: int, *, two_sided: bool = False) -> association.Association:
    arrays = (np.array([value]) for value in (n, left, right, both))
    return association.associate(*arrays, two_sided=two_sided)


@pytest.mark.parametrize(
    ("n", "left", "right", "both"), [(100, 20, 30, 15), (100, 20, 30, 6), (50, 5, 5, 5), (9, 4, 4, 0)]
)
def test_p_value_is_fishers(n: int, left: int, right: int, both: int) -> None:
    table = [[both, left - both], [right - both, n - left - right + both]]
    assert one(n, left, right, both).p_value[0] == pytest.approx(fisher_exact(table, alternative="greater")[1])


def test_figures_of_one_table() -> None:
    found = one(100, 20, 30, 15)
    assert found.lift[0] == pytest.approx(15 * 100 / (20 * 30))
    assert found.odds_ratio[0] == pytest.approx(15.5 * 65.5 / (5.5 * 15.5))
    half = 1.959964 * np.sqrt(1 / 15.5 + 1 / 5.5 + 1 / 15.5 + 1 / 65.5)
    assert found.low[0] == pytest.approx(found.odds_ratio[0] * np.exp(-half))
    assert found.high[0] == pytest.approx(found.odds_ratio[0] * np.exp(half))


def test_two_sided_sees_what_is_rarer_together() -> None:
    assert one(100, 40, 40, 2).p_value[0] > 0.99
    assert one(100, 40, 40, 2, two_sided=True).p_value[0] < 1e-6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discovery_agrees_with_scipy(p_values: list[float]) -> None:
    p = np.array(p_values)
    np.testing.assert_allclose(association.false_discovery(p, n_tests=len(p)), false_discovery_control(p), atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(0, 50))
def test_tests_that_are_not_at_hand_count_as_one(p_values: list[float], more: int) -> None:
    p = np.array(p_values)
    whole = false_discovery_control(np.append(p, np.ones(more)))[: len(p)]
    np.testing.assert_allclose(association.false_discovery(p, n_tests=len(p) + more), whole, atol=1e-12)


def test_chance_alone_is_rarely_called_significant() -> None:
    """200 null families of 200 pairs each: any discovery at q < 0.05 in at most some 5 % of them."""
    random = np.random.default_rng(4)
    n, size = np.full(200, 300), np.full(200, 60)
    discoveries = 0
    for _ in range(200):
        both = random.hypergeometric(60, 240, 60, size=200)
        p = association.associate(n, size, size, both, two_sided=False).p_value
        discoveries += bool((association.false_discovery(p, n_tests=200) < 0.05).any())
    assert discoveries <= 18  # 10 expected at most; the chance of 19 or more is below 0.5 %


def test_pair_similarity_in_blocks() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    i, j = np.arange(20), np.arange(20)[::-1].copy()
    np.testing.assert_allclose(
        association.pair_similarity(vectors, i, j, block=3), (vectors[i] * vectors[j]).sum(axis=1), rtol=1e-5
    )

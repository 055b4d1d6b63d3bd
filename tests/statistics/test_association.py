"""Association figures against references, against chance, and against a textbook's power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact, hypergeom, norm
from statsmodels.stats.contingency_tables import Table2x2

from featdisc_assets.statistics import association


def one(n: int, left: int, right: int, both: int, *, two_sided: bool = False) -> association.Association:
    arrays = (np.array([value]) for value in (n, left, right, both))
    return association.associate(*arrays, two_sided=two_sided)


@pytest.mark.parametrize(
    ("n", "left", "right", "both"), [(100, 20, 30, 15), (100, 20, 30, 6), (50, 5, 5, 5), (9, 4, 4, 0), (9, 9, 4, 4)]
)
def test_p_value_is_fishers(n: int, left: int, right: int, both: int) -> None:
    table = [[both, left - both], [right - both, n - left - right + both]]
    assert one(n, left, right, both).p_value[0] == pytest.approx(fisher_exact(table, alternative="greater")[1])


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_tails_agree_with_scipy(n: int, left_share: float, right_share: float, where: float) -> None:
    left, right = round(n * left_share), round(n * right_share)
    least, most = max(0, left + right - n), min(left, right)
    k = round(least + where * (most - least))
    found = association.upper_tail(*(np.array([value]) for value in (k, n, left, right)))[0]
    assert np.exp(found) == pytest.approx(hypergeom.sf(k - 1, n, left, right), rel=1e-8, abs=1e-14)


def test_a_tail_far_out_keeps_its_digits() -> None:
    found = association.upper_tail(*(np.array([value]) for value in (300, 100_000, 400, 600)))[0]
    assert found == pytest.approx(hypergeom.logsf(299, 100_000, 400, 600), rel=1e-9)


def test_large_counts_leave_out_half_of_the_counts_own_probability() -> None:
    more, above = hypergeom.sf(59, 1000, 200, 250), hypergeom.sf(60, 1000, 200, 250)
    assert one(1000, 200, 250, 60).p_value[0] == pytest.approx((more + above) / 2)
    fewer = hypergeom.cdf([60, 59], 1000, 200, 250).mean()
    assert one(1000, 200, 250, 60, two_sided=True).p_value[0] == pytest.approx(2 * min(fewer, (more + above) / 2))


def test_figures_of_one_table_are_those_of_statsmodels() -> None:
    found = one(100, 20, 30, 15)
    reference = Table2x2(np.array([[15.5, 5.5], [15.5, 65.5]]))
    low, high = reference.oddsratio_confint()
    assert found.lift[0] == pytest.approx(15 * 100 / (20 * 30))
    assert found.odds_ratio[0] == pytest.approx(reference.oddsratio)
    assert (found.low[0], found.high[0]) == (pytest.approx(low), pytest.approx(high))


def test_two_sided_sees_what_is_rarer_together() -> None:
    assert one(100, 40, 40, 2).p_value[0] > 0.99
    assert one(100, 40, 40, 2, two_sided=True).p_value[0] < 1e-6


def test_six_copies_of_each_unit_count_as_one() -> None:
    """With a design effect of six, six identical answers to each question tell what one does."""
    six = association.associate(
        *(np.array([6 * value]) for value in (50, 10, 12, 8)), two_sided=False, design_effect=np.array([6.0])
    )
    assert six.p_value[0] == pytest.approx(one(50, 10, 12, 8).p_value[0])


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.floats(1, 8))
def test_no_table_gives_anything_but_numbers(n: int, left: int, right: int, both: int, effect: float) -> None:
    left, right = min(left, n), min(right, n)
    both = max(0, left + right - n, min(both, left, right))
    for two_sided in (False, True):
        arrays = (np.array([value]) for value in (n, left, right, both))
        found = association.associate(*arrays, two_sided=two_sided, design_effect=np.array([effect]))
        assert 0 <= found.p_value[0] <= 1
        assert all(np.isfinite(value[0]) for value in (found.lift, found.odds_ratio, found.low, found.high))


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


def test_intra_group_correlation_of_the_two_extremes() -> None:
    """Four groups of five: a flag that all of a group share, and one that every group has in the same number."""
    alike = association.intra_group_correlation(*(np.array([v]) for v in (20.0, 10.0, 50.0, 50.0, 100.0)))
    spread = association.intra_group_correlation(*(np.array([v]) for v in (20.0, 4.0, 4.0, 20.0, 100.0)))
    assert alike[0] == pytest.approx(1)
    assert spread[0] == pytest.approx(-0.25)


@pytest.mark.parametrize("grouped", [False, True], ids=["strangers", "groups of six alike"])
def test_chance_alone_with_groups_of_transcripts(grouped: bool) -> None:
    """Flags independent of each other but alike within groups: a plain test is fooled, this one is not."""
    random = np.random.default_rng(8)
    groups, m, tests = 100, 6, 400
    pulls = (random.normal(size=(2, tests, groups)) * 2.5 * grouped)[..., None] - 1.5
    left, right = random.random((2, tests, groups, m)) < 1 / (1 + np.exp(-pulls))
    n = np.full(tests, groups * m)
    sums = [(flag.sum(axis=(1, 2)), flag.sum(axis=2)) for flag in (left, right)]
    rho = [
        association.intra_group_correlation(
            n.astype(float), total.astype(float), (by**2).sum(axis=1), m * total.astype(float), n * float(m)
        )
        for total, by in sums
    ]
    effect = np.maximum(association.design_effect(m - 1.0, *rho), 1)
    both = (left & right).sum(axis=(1, 2))
    given = association.associate(n, sums[0][0], sums[1][0], both, two_sided=True, design_effect=effect)
    plain = association.associate(n, sums[0][0], sums[1][0], both, two_sided=True)
    assert (given.p_value < 0.05).sum() <= 33  # 20 expected; 33 is three standard deviations above
    assert (plain.p_value < 0.05).mean() > 0.15 or not grouped


def test_power_is_what_a_textbook_gives() -> None:
    """Shares of 30 % and 45 % in groups of 150: the normal approximation to the power, within Monte Carlo error."""
    random = np.random.default_rng(5)
    m, p, q, runs = 150, 0.30, 0.45, 4_000
    spread = np.sqrt((p * (1 - p) + q * (1 - q)) / m)
    pooled = np.sqrt(2 * ((p + q) / 2) * (1 - (p + q) / 2) / m)
    power = norm.cdf((q - p - norm.ppf(0.975) * pooled) / spread)
    a, b = random.binomial(m, p, runs), random.binomial(m, q, runs)
    n = np.full(runs, m)
    found = (association.associate(2 * n, n, a + b, a, two_sided=True).p_value < 0.05).mean()
    assert found == pytest.approx(power, abs=0.025)


def test_pair_similarity_in_blocks() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    i, j = np.arange(20), np.arange(20)[::-1].copy()
    np.testing.assert_allclose(
        association.pair_similarity(vectors, i, j, block=3), (vectors[i] * vectors[j]).sum(axis=1), rtol=1e-5
    )

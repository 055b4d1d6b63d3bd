"""Where nothing is, little is found; what is planted is found as often as a textbook says.

Small versions of `python -m benchmarks.chance`, through the code the assets go by.
"""

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks import chance

FAMILIES = 120
# With a true rate of 5 % one run in a thousand exceeds this; a rate of 17 % stays below it in one of fourteen.
MOST = binom.ppf(0.999, FAMILIES, 0.05) / FAMILIES


@pytest.mark.parametrize("shape", chance.PAIR_SCENARIOS, ids=lambda shape: shape.name)
def test_pairs_without_a_relation(shape: chance.Scenario) -> None:
    found, unaware = chance.discovery_rates("pairs", shape, FAMILIES)
    assert found <= MOST
    assert unaware > 0.5 if shape.group_sd else unaware == found


@pytest.mark.parametrize("shape", chance.CONTRAST_SCENARIOS, ids=lambda shape: shape.name)
def test_contrasts_without_a_difference(shape: chance.Scenario) -> None:
    assert chance.discovery_rates("contrasts", shape, FAMILIES)[0] <= MOST


@pytest.mark.parametrize("shape", chance.PROBE_SCENARIOS, ids=lambda shape: shape.name)
def test_probes_of_what_no_input_tells(shape: chance.Scenario) -> None:
    any_worth, _, worth, _ = chance.discovery_rates("probes", shape, 30)
    assert any_worth <= binom.ppf(0.999, 30, 0.05) / 30
    assert worth <= 0.05


@pytest.mark.parametrize("effect", chance.EFFECTS, ids=lambda effect: effect.name)
def test_planted_effects_are_found_as_often_as_the_formula_says(effect: chance.Effect) -> None:
    """1,000 draws of each, so that 0.04 are three standard errors."""
    exact = effect.formula.endswith(("corrected", "Smith"))
    found = effect.found(np.random.default_rng(5), 1_000)
    assert found > effect.power - 0.04
    # The corrected formulas are those of exact tests throughout, and ours are so only while counts are small.
    assert found < effect.power + (0.1 if exact else 0.04)


def test_pairs_are_found_as_often_as_the_formula_says() -> None:
    found, power = chance.pair_power(400, 0.5, 0.40, 0.30, np.random.default_rng(5), 2_000)
    assert found == pytest.approx(power, abs=0.035)

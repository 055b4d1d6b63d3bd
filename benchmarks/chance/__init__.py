"""Simulations: false discovery rates on null corpora and power on planted effects."""

from benchmarks.chance.corpora import CONTRAST_SCENARIOS, PAIR_SCENARIOS, PROBE_SCENARIOS, Corpus, Scenario, draw_flags
from benchmarks.chance.effects import EFFECTS, Effect, pair_power
from benchmarks.chance.families import contrast_counts, discovery_rates, pair_family

__all__ = [
    "CONTRAST_SCENARIOS",
    "EFFECTS",
    "PAIR_SCENARIOS",
    "PROBE_SCENARIOS",
    "Corpus",
    "Effect",
    "Scenario",
    "contrast_counts",
    "discovery_rates",
    "draw_flags",
    "pair_family",
    "pair_power",
]

"""What the statistics find where nothing is, and how often they find what is there."""

from benchmarks.chance.corpora import CONTRAST_SHAPES, PAIR_SHAPES, PROBE_SHAPES, Made, Shape, flags_of
from benchmarks.chance.effects import EFFECTS, Effect, pair_power
from benchmarks.chance.families import counted, discoveries, pair_family

__all__ = [
    "CONTRAST_SHAPES",
    "EFFECTS",
    "PAIR_SHAPES",
    "PROBE_SHAPES",
    "Effect",
    "Made",
    "Shape",
    "counted",
    "discoveries",
    "flags_of",
    "pair_family",
    "pair_power",
]

"""Generated features of any number of transcripts, to measure how the pipeline scales.

Every transcript is about a few planted themes, drawn by a power law. Each of its three pieces has fifteen features,
most of them on these themes. So there are clusters to find, and kinds that co-occur.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson

from benchmarks.planted import Planted, phrases

KINDS = ("user", "thought", "response")
MODELS = ("lumen-2", "orchid-chat", "tern-1")
FEATURES_PER_PIECE = 15
N_ON_THEME = 9
THEMES_PER_TRANSCRIPT = 4
# As in the published study: of 1.5 million features of a kind about 400,000 are distinct.
DISTINCT_PER_TRANSCRIPT = 4
BATCH_SIZE = 1_000


def write(path: Path, n_transcripts: int, *, seed: int = 0) -> None:
    """Write a file for `featdisc run --features`: one row per piece, with its text."""
    random = np.random.default_rng(seed)
    planted = phrases(max(2_000, DISTINCT_PER_TRANSCRIPT * n_transcripts), seed=seed)
    texts = np.array(planted.texts, dtype=object)
    by_theme = _by_theme(planted)
    weight = 1.0 / (random.permutation(len(by_theme)) + 4.0)
    with path.open("wb") as file:
        for first in range(0, n_transcripts, BATCH_SIZE):
            n = min(BATCH_SIZE, n_transcripts - first)
            themes = random.choice(len(by_theme), size=(n, THEMES_PER_TRANSCRIPT), p=weight / weight.sum())
            for i in range(n):
                for kind in KINDS:
                    on_theme = random.choice(themes[i], N_ON_THEME)
                    chosen = [by_theme[theme][_skewed_index(random, len(by_theme[theme]))] for theme in on_theme]
                    off_theme = random.integers(0, len(texts), FEATURES_PER_PIECE - N_ON_THEME)
                    features = list(dict.fromkeys(texts[[*chosen, *off_theme]].tolist()))
                    number = first + i
                    row = {
                        "transcript_id": f"t{number:07d}",
                        "kind": kind,
                        "features": features,
                        "text": f"{'. '.join(features)}. Number {number} of kind {kind}.",
                        "model": MODELS[number % len(MODELS)],
                        "group": f"g{number // 2:07d}",
                    }
                    file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _by_theme(planted: Planted) -> list[np.ndarray]:
    order = np.argsort(planted.theme, kind="stable")
    edges = np.searchsorted(planted.theme[order], np.arange(len(planted.names) + 1))
    return [order[low:high] for low, high in pairwise(edges)]


def _skewed_index(random: np.random.Generator, n: int) -> int:
    """A random index below n; low ones are more frequent, as some phrases are more common than others."""
    return int(n * random.random() ** 2)

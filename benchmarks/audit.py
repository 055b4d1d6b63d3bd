"""What the audit says of a clustering of planted themes, held against what was planted.

    python -m benchmarks.audit [--phrases 12000] [--seed 0] [--per-cluster 30] [--many 1500000]

Prints how many of the buried themes the swallowed phrases surface (a theme is buried where most of its phrases lie in
clusters in which they are a minority), how many of those phrases truly stand for features whose theme is a minority
where they lie, how well stability and wording tell pure clusters from mixed ones, and seconds. `--many` times the
counting of phrases on so many made-up features, without vectors of meaning.
"""

import argparse
import resource
import time

import numpy as np
import pyarrow as pa
from scipy.stats import spearmanr

from benchmarks.clusters import knobs
from benchmarks.planted import Planted, phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.quality import stability, swallowed, terms, wording
from featdisc_assets.clusterers.space import Labels, Space, Vectors, fit_frame
from featdisc_assets.stages import clustering

LIMITS = {"max_f1": 0.5, "max_visibility": 0.4, "max_host": 0.8, "min_cohesion": 0.8}


def main() -> None:
    """Print a few lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrases", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--per-cluster", type=int, default=30)
    parser.add_argument("--many", type=int, default=0)
    options = parser.parse_args()
    if options.many:
        at_scale(options.many)
        return
    planted = phrases(options.phrases, seed=options.seed)
    vectors = encoders.load(encoders.BUNDLED, backend="auto", precision="auto").encode(planted.texts)
    points = Points.of(vectors, planted.texts)
    clock = time.perf_counter()
    labels = clustering.fit(points, **knobs("auto", options.per_cluster, 0)).labels
    print(f"{len(labels):,} phrases in {labels.max() + 1:,} clusters, {time.perf_counter() - clock:.1f} s to cluster")
    _themes(planted, vectors, labels)
    _stability(planted, points, labels)


def _minority(planted: Planted, labels: Labels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each phrase whether its theme is a minority where it lies, of each theme whether it is buried, purities."""
    n_themes, k = len(planted.names), int(labels.max()) + 1
    told = (planted.theme >= 0) & (labels >= 0)
    table = np.zeros((n_themes, k))
    np.add.at(table, (planted.theme[told], labels[told]), 1)
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    lost = np.ones(len(labels), bool)
    lost[told] = table[planted.theme[told], labels[told]] < sizes[labels[told]] / 2
    themed = planted.theme >= 0
    buried = np.bincount(planted.theme[themed], lost[themed], n_themes) > np.bincount(planted.theme[themed]) / 2
    return lost & themed, buried, table.max(axis=0) / sizes


def _themes(planted: Planted, vectors: Vectors, labels: Labels) -> None:
    clock = time.perf_counter()
    words = wording.words_of(pa.array(planted.texts))
    least = max(5, len(labels) // (int(labels.max()) + 1) // 10)
    found = wording.phrases_of(words, at_least=least, at_most=max(least, len(labels) // 50))
    space = Space(vectors, fit_frame(vectors, remove_components=0))
    telling = wording.table(words)[:, ~words.bare]
    spread = swallowed.families(found.members, telling, labels, space)
    spent = time.perf_counter() - clock
    lost, buried, _ = _minority(planted, labels)
    chosen = swallowed.swallowed(spread, found.members, **LIMITS)
    surfaced, right, of_buried = set(), 0, 0
    columns = found.members.tocsc()
    for phrase in chosen:
        rows = columns[:, [phrase]].indices
        right += bool(lost[rows].mean() > 0.5)
        theme, count = np.unique(planted.theme[rows], return_counts=True)
        most = int(theme[count.argmax()])
        if most >= 0 and buried[most] and count.max() >= len(rows) / 2:
            of_buried += 1
            surfaced.add(most)
    holders = np.unique(columns[:, chosen].indices)
    print(
        f"{len(found.shown):,} phrases in at least {least} features; {len(chosen)} swallowed, {right} of them where"
        f" their theme is a minority and {of_buried} of a buried theme; {len(surfaced)} of {buried.sum()} buried"
        f" themes surfaced; features: precision {lost[holders].mean():.2f} where {lost.mean():.2f} are lost;"
        f" {spent:.1f} s"
    )


def _stability(planted: Planted, points: Points, labels: Labels) -> None:
    k, clock, found = int(labels.max()) + 1, time.perf_counter(), []
    rand = []
    for repeat in range(2):
        drawn = stability.draw(len(labels), k, share=0.7, at_most=20_000, seed=0, repeat=repeat)
        again = clustering.fit(
            points.rows(drawn.rows), **knobs("auto", drawn.features_per_cluster, 1 + repeat), drawn_from=len(labels)
        ).labels
        found.append(stability.jaccard(labels[drawn.rows], again, k))
        rand.append(stability.adjusted_rand(labels[drawn.rows], again))
    mean, (_, _, purity) = stability.mean_over_repeats(found, k), _minority(planted, labels)
    spent = time.perf_counter() - clock
    seen = ~np.isnan(mean)
    words = wording.words_of(pa.array(planted.texts))
    within, beyond = terms.coherence(wording.table(words), labels, k)
    print(
        f"two refits of {len(drawn.rows):,}: median Jaccard {np.median(mean[seen]):.2f}, adjusted Rand"
        f" {', '.join(f'{value:.2f}' for value in rand)}; with purity rho {spearmanr(mean[seen], purity[seen])[0]:.2f};"
        f" {spent:.1f} s; wording (members over strangers) with purity rho"
        f" {spearmanr(within - beyond, purity, nan_policy='omit')[0]:.2f}"
    )


def at_scale(n: int) -> None:
    """Count phrases, words and terms of n made-up features in n / 200 clusters."""
    random, pool = np.random.default_rng(0), phrases(12_000).texts
    extra = np.char.add(" w", (random.zipf(1.3, n) % 200_000).astype(str))
    texts = pa.array([f"{pool[i % len(pool)]}{end}" for i, end in enumerate(extra)])
    k = n // 200
    labels = random.integers(0, k, n)
    vectors = random.standard_normal((n, 384), dtype=np.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = time.perf_counter()
    words = wording.words_of(texts)
    found = wording.phrases_of(words, at_least=20, at_most=n // 50)
    print(f"{len(words.shown):,} words, {len(found.shown):,} phrases: {time.perf_counter() - clock:.0f} s")
    clock = time.perf_counter()
    space = Space(vectors, fit_frame(vectors, remove_components=0))
    held = wording.table(words)
    spread = swallowed.families(found.members, held[:, ~words.bare], labels, space)
    swallowed.swallowed(spread, found.members, **LIMITS | {"min_cohesion": 0.0})
    print(f"where they lie: {time.perf_counter() - clock:.0f} s")
    clock = time.perf_counter()
    terms.distinctive(held[:, ~words.grammar], labels, k)
    terms.coherence(held, labels, k)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"words of clusters: {time.perf_counter() - clock:.0f} s")
    print(f"peak {peak / 2**20:.1f} GB, {before / 2**20:.1f} GB of it the features themselves")


if __name__ == "__main__":
    main()

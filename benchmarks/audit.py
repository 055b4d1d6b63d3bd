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

from benchmarks.clusters import fit_settings
from benchmarks.planted import Planted, phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Labels, Space, Vectors, fit_frame
from featdisc_assets.stages import clustering, stability, swallowed, terms, wording

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
        time_at_scale(options.many)
        return
    planted = phrases(options.phrases, seed=options.seed)
    vectors = encoders.load(encoders.BUNDLED, backend="auto", precision="auto").encode(planted.texts)
    points = Points.of(vectors, planted.texts)
    clock = time.perf_counter()
    labels = clustering.fit(points, **fit_settings("auto", options.per_cluster, 0)).labels
    print(f"{len(labels):,} phrases in {labels.max() + 1:,} clusters, {time.perf_counter() - clock:.1f} s to cluster")
    _print_swallowed(planted, vectors, labels)
    _print_stability(planted, points, labels)


def _minority_flags(planted: Planted, labels: Labels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each phrase whether its theme is a minority where it lies, of each theme whether it is buried, purities."""
    n_themes, k = len(planted.names), int(labels.max()) + 1
    labelled = (planted.theme >= 0) & (labels >= 0)
    table = np.zeros((n_themes, k))
    np.add.at(table, (planted.theme[labelled], labels[labelled]), 1)
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    in_minority = np.ones(len(labels), bool)
    in_minority[labelled] = table[planted.theme[labelled], labels[labelled]] < sizes[labels[labelled]] / 2
    themed = planted.theme >= 0
    buried = np.bincount(planted.theme[themed], in_minority[themed], n_themes) > np.bincount(planted.theme[themed]) / 2
    return in_minority & themed, buried, table.max(axis=0) / sizes


def _print_swallowed(planted: Planted, vectors: Vectors, labels: Labels) -> None:
    clock = time.perf_counter()
    words = wording.words_of(pa.array(planted.texts))
    min_features = max(5, len(labels) // (int(labels.max()) + 1) // 10)
    found = wording.phrases_of(words, at_least=min_features, at_most=max(min_features, len(labels) // 50))
    space = Space(vectors, fit_frame(vectors, remove_components=0))
    words_table = wording.table(words)[:, ~words.bare]
    phrase_families = swallowed.families(found.members, words_table, labels, space)
    spent = time.perf_counter() - clock
    in_minority, buried, _ = _minority_flags(planted, labels)
    chosen = swallowed.swallowed(phrase_families, found.members, **LIMITS)
    surfaced, n_minority, n_of_buried = set(), 0, 0
    columns = found.members.tocsc()
    for phrase in chosen:
        rows = columns[:, [phrase]].indices
        n_minority += bool(in_minority[rows].mean() > 0.5)
        theme, count = np.unique(planted.theme[rows], return_counts=True)
        main_theme = int(theme[count.argmax()])
        if main_theme >= 0 and buried[main_theme] and count.max() >= len(rows) / 2:
            n_of_buried += 1
            surfaced.add(main_theme)
    holders = np.unique(columns[:, chosen].indices)
    print(
        f"{len(found.shown):,} phrases in at least {min_features} features; {len(chosen)} swallowed, {n_minority} of them where"
        f" their theme is a minority and {n_of_buried} of a buried theme; {len(surfaced)} of {buried.sum()} buried"
        f" themes surfaced; features: precision {in_minority[holders].mean():.2f} where {in_minority.mean():.2f} are lost;"
        f" {spent:.1f} s"
    )


def _print_stability(planted: Planted, points: Points, labels: Labels) -> None:
    k, clock, found = int(labels.max()) + 1, time.perf_counter(), []
    adjusted_rands = []
    for repeat in range(2):
        drawn = stability.draw(len(labels), k, share=0.7, at_most=20_000, seed=0, repeat=repeat)
        refit = clustering.fit(
            points.rows(drawn.rows),
            **fit_settings("auto", drawn.features_per_cluster, 1 + repeat),
            drawn_from=len(labels),
        ).labels
        found.append(stability.jaccard(labels[drawn.rows], refit, k))
        adjusted_rands.append(stability.adjusted_rand(labels[drawn.rows], refit))
    mean_jaccard, (_, _, purity) = stability.mean_over_repeats(found, k), _minority_flags(planted, labels)
    spent = time.perf_counter() - clock
    seen = ~np.isnan(mean_jaccard)
    words = wording.words_of(pa.array(planted.texts))
    between_members, with_strangers = terms.coherence(wording.table(words), labels, k)
    print(
        f"two refits of {len(drawn.rows):,}: median Jaccard {np.median(mean_jaccard[seen]):.2f}, adjusted Rand"
        f" {', '.join(f'{value:.2f}' for value in adjusted_rands)}; with purity rho {spearmanr(mean_jaccard[seen], purity[seen])[0]:.2f};"
        f" {spent:.1f} s; wording (members over strangers) with purity rho"
        f" {spearmanr(between_members - with_strangers, purity, nan_policy='omit')[0]:.2f}"
    )


def time_at_scale(n: int) -> None:
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
    words_table = wording.table(words)
    phrase_families = swallowed.families(found.members, words_table[:, ~words.bare], labels, space)
    swallowed.swallowed(phrase_families, found.members, **LIMITS | {"min_cohesion": 0.0})
    print(f"where they lie: {time.perf_counter() - clock:.0f} s")
    clock = time.perf_counter()
    terms.distinctive(words_table[:, ~words.grammar], labels, k)
    terms.coherence(words_table, labels, k)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"words of clusters: {time.perf_counter() - clock:.0f} s")
    print(f"peak {peak / 2**20:.1f} GB, {before / 2**20:.1f} GB of it the features themselves")


if __name__ == "__main__":
    main()

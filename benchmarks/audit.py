"""Score the cluster audit against planted themes.

    python -m benchmarks.audit [--phrases 12000] [--seed 0] [--per-cluster 30] [--many 1500000]

A theme is buried if most of its phrases lie in clusters where it is a minority. The benchmark prints how many buried
themes the swallowed phrases find, how many features with a swallowed phrase have a theme that is a minority in their
cluster, and how well stability and wording separate pure clusters from mixed ones. `--many` instead times the phrase
statistics on that many generated features, with random vectors.
"""

import numpy as np
import pyarrow as pa
from scipy.stats import spearmanr

from benchmarks.agreement import contingency
from benchmarks.clusters import fit_settings, load_planted
from benchmarks.measuring import parser, peak_mib, timed
from benchmarks.planted import Planted, phrases
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.quality import stability, swallowed, terms, wording
from featdisc_assets.clusterers.space import Labels, Space, fit_frame
from featdisc_assets.stages import clustering

LIMITS = {"max_f1": 0.5, "max_visibility": 0.4, "max_host": 0.8, "min_cohesion": 0.8}


def main() -> None:
    """Print the scores of the audit, or its cost if --many is given."""
    options = parser(__doc__, phrases=12_000, seed=0, per_cluster=30, many=0).parse_args()
    if options.many:
        time_at_scale(options.many)
        return
    planted, points = load_planted(options.phrases, seed=options.seed)
    with timed("clustering"):
        labels = clustering.fit(points, **fit_settings("auto", options.per_cluster, 0)).labels
    print(f"{labels.max() + 1:,} clusters")
    _print_swallowed(planted, points, labels)
    _print_stability(planted, points, labels)


def _minority_flags(planted: Planted, labels: Labels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per phrase: theme is a minority in its cluster. Per theme: is buried. Per cluster: purity."""
    n_themes, k = len(planted.names), int(labels.max()) + 1
    table = contingency(planted.theme, labels, n_themes, k)
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    labelled = (planted.theme >= 0) & (labels >= 0)
    in_minority = np.ones(len(labels), bool)
    in_minority[labelled] = table[planted.theme[labelled], labels[labelled]] < sizes[labels[labelled]] / 2
    themed = planted.theme >= 0
    buried = np.bincount(planted.theme[themed], in_minority[themed], n_themes) > np.bincount(planted.theme[themed]) / 2
    return in_minority & themed, buried, table.max(axis=0) / sizes


def _print_swallowed(planted: Planted, points: Points, labels: Labels) -> None:
    with timed("phrases"):
        words = wording.words_of(pa.array(planted.texts))
        min_features = max(5, len(labels) // (int(labels.max()) + 1) // 10)
        found = wording.phrases_of(words, at_least=min_features, at_most=max(min_features, len(labels) // 50))
        space = Space(points.vectors, fit_frame(points.vectors, remove_components=0))
        words_table = wording.table(words)[:, ~words.bare]
        phrase_families = swallowed.families(found.members, words_table, labels, space)
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
        f"{len(found.shown):,} phrases in at least {min_features} features; {len(chosen)} swallowed: {n_minority} whose"
        f" theme is a minority, {n_of_buried} of a buried theme; {len(surfaced)} of {buried.sum()} buried themes found"
    )
    precision, base_rate = in_minority[holders].mean(), in_minority.mean()
    print(f"features with a swallowed phrase: {precision:.2f} in a minority ({base_rate:.2f} of all features)")


def _print_stability(planted: Planted, points: Points, labels: Labels) -> None:
    k, jaccards, adjusted_rands = int(labels.max()) + 1, [], []
    with timed("two refits"):
        for repeat in range(2):
            drawn = stability.draw(len(labels), k, share=0.7, at_most=20_000, seed=0, repeat=repeat)
            settings = fit_settings("auto", drawn.features_per_cluster, 1 + repeat)
            refit = clustering.fit(points.rows(drawn.rows), **settings, drawn_from=len(labels)).labels
            jaccards.append(stability.jaccard(labels[drawn.rows], refit, k))
            adjusted_rands.append(f"{stability.adjusted_rand(labels[drawn.rows], refit):.2f}")
        mean_jaccard = stability.mean_over_repeats(jaccards, k)
    _, _, purity = _minority_flags(planted, labels)
    seen = ~np.isnan(mean_jaccard)
    words = wording.words_of(pa.array(planted.texts))
    with_members, with_strangers = terms.coherence(wording.table(words), labels, k)
    rho_jaccard = spearmanr(mean_jaccard[seen], purity[seen])[0]
    rho_wording = spearmanr(with_members - with_strangers, purity, nan_policy="omit")[0]
    print(
        f"refits of {len(drawn.rows):,}: median Jaccard {np.median(mean_jaccard[seen]):.2f}, adjusted Rand"
        f" {', '.join(adjusted_rands)}; rho with purity: Jaccard {rho_jaccard:.2f}, wording {rho_wording:.2f}"
    )


def time_at_scale(n: int) -> None:
    """Print the cost of the phrase statistics of n generated features in n / 200 clusters, with random vectors."""
    random, pool = np.random.default_rng(0), phrases(12_000).texts
    extra = np.char.add(" w", (random.zipf(1.3, n) % 200_000).astype(str))
    texts = pa.array([f"{pool[i % len(pool)]}{end}" for i, end in enumerate(extra)])
    k = n // 200
    labels = random.integers(0, k, n)
    vectors = random.standard_normal((n, 384), dtype=np.float32)
    print(f"peak before the audit {peak_mib() / 1024:.2f} GiB")
    with timed("words and phrases"):
        words = wording.words_of(texts)
        found = wording.phrases_of(words, at_least=20, at_most=n // 50)
    print(f"{len(words.shown):,} words, {len(found.shown):,} phrases")
    with timed("swallowed phrases"):
        space = Space(vectors, fit_frame(vectors, remove_components=0))
        words_table = wording.table(words)
        phrase_families = swallowed.families(found.members, words_table[:, ~words.bare], labels, space)
        swallowed.swallowed(phrase_families, found.members, **LIMITS | {"min_cohesion": 0.0})
    with timed("terms of clusters"):
        terms.distinctive(words_table[:, ~words.grammar], labels, k)
        terms.coherence(words_table, labels, k)


if __name__ == "__main__":
    main()

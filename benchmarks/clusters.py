"""Compare all clustering methods on planted themes, beside scikit-learn's KMeans (plain).

    python -m benchmarks.clusters [--phrases 12000] [--seeds 2] [--per-cluster 30] [--methods plain,leiden,…]

Columns:

- f1: mean over themes of the F1 of the best cluster.
- buried: share of themes most of whose phrases lie in clusters where the theme is a minority.
- twins: share of clusters with a similarity of at least 0.85 to another cluster of the same polarity; the similarity
  is corrected for cluster size, in centred vectors (no method clusters in them).
- negation, antonym: share of planted pairs of opposite meaning that share a cluster.
- left: share of features in no cluster.
- ari: adjusted Rand index between seeds.
- kept: share of cluster ids that a warm refit keeps after 20% new features.

The polarity rules and the planted opposites have the same author. Words without a rule stay where the embedding puts
them.
"""

from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from benchmarks.agreement import best_f1, contingency
from benchmarks.measuring import measured, parser
from benchmarks.planted import Planted, phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers import twins
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Labels, Space, Vectors, dense, fit_frame, sums_of
from featdisc_assets.stages import clustering

TWIN = 0.85


def main() -> None:
    """Print one line per method."""
    options = parser(
        __doc__, phrases=12_000, seeds=2, per_cluster=30, methods="plain,kmeans,hdbscan,two_level,leiden,auto"
    ).parse_args()
    planted, points = load_planted(options.phrases)
    for method in options.methods.split(","):
        with measured() as cost:
            fits = [fit_labels(points, method, options.per_cluster, seed) for seed in range(options.seeds)]
        scores = score(planted, points, fits[0])
        scores["ari"] = float(
            np.mean([adjusted_rand_score(a, b) for i, a in enumerate(fits) for b in fits[:i]] or [np.nan])
        )
        if method != "plain":
            scores["kept"] = kept_after_growth(points, method, options.per_cluster)
        seconds = f"wall {cost.wall_s / options.seeds:.1f} s cpu {cost.cpu_s / options.seeds:.1f} s"
        print(f"{method:<10} {seconds} {format_scores(scores)}", flush=True)


def load_planted(n: int, *, seed: int = 0) -> tuple[Planted, Points]:
    """About n planted phrases, and the same encoded by the bundled model; prints what they are."""
    planted = phrases(n, seed=seed)
    model = encoders.load(encoders.BUNDLED, backend="auto", precision="auto")
    print(f"{len(planted.texts):,} phrases of {len(planted.names)} themes, {model.identity}")
    return planted, Points.of(model.encode(planted.texts), planted.texts)


def format_scores(scores: dict[str, float]) -> str:
    """Names and values on one line."""
    return " ".join(f"{name} {value:.3f}" for name, value in scores.items())


def score(planted: Planted, points: Points, labels: Labels) -> dict[str, float]:
    """How well labels match the themes; the module docstring defines the figures."""
    labels = dense(labels)
    k, n_themes = int(labels.max()) + 1, len(planted.names)
    table = contingency(planted.theme, labels, n_themes, k)
    sizes, total = np.bincount(labels[labels >= 0], minlength=k), np.bincount(planted.theme[planted.theme >= 0])
    minority = np.where(table < 0.5 * sizes, table, 0).sum(axis=1) + total - table.sum(axis=1)
    scores = {
        "k": float(k),
        "f1": float(best_f1(planted.theme, labels).mean()),
        "buried": float((minority > total / 2).mean()),
        "twins": _twin_share(points, labels, k),
    }
    for by in ("negation", "antonym"):
        pairs = [(a, b) for a, b, kind in planted.opposites if kind == by]
        n_together = sum(float(table[a] @ table[b]) for a, b in pairs)
        scores[by] = n_together / sum(float(total[a] * total[b]) for a, b in pairs)
    return scores | {"left": float((labels < 0).mean())}


def kept_after_growth(points: Points, method: str, per_cluster: int) -> float:
    """Share of clusters that a warm refit with 20% more features keeps: the two share more than half of each."""
    n = len(points.vectors)
    order = np.random.default_rng(0).permutation(n)
    old = np.sort(order[: round(n / 1.2)])
    first = clustering.fit(points.rows(old), **fit_settings(method, per_cluster, 0))
    earlier = np.full(n, -2, np.int64)
    earlier[old] = first.labels
    again = clustering.refit(points, earlier, first.frame, **fit_settings(method, per_cluster, 0)).labels[old]
    table = contingency(first.labels, again, first.labels.max() + 1, again.max() + 1)
    kept = (2 * table > np.bincount(first.labels[first.labels >= 0])[:, None]) & (2 * table > table.sum(axis=0))
    return float(kept.any(axis=1).mean())


def fit_settings(method: str, per_cluster: int, seed: int) -> dict[str, Any]:
    """Arguments of a fit: method, granularity and seed, and the asset's defaults for the rest."""
    return {
        "method": method,
        "target_features_per_cluster": per_cluster,
        "min_similarity": 0.1,
        "remove_components": 5,
        "seed": seed,
    }


def fit_labels(points: Points, method: str, per_cluster: int, seed: int) -> Labels:
    """Labels by a method of featdisc, or for "plain" by scikit-learn's KMeans with its defaults."""
    if method == "plain":
        k = round(len(points.vectors) / per_cluster)
        plain: Labels = KMeans(k, random_state=seed).fit_predict(points.vectors).astype(np.int64)
        return plain
    return clustering.fit(points, **fit_settings(method, per_cluster, seed)).labels


def _twin_share(points: Points, labels: Labels, k: int) -> float:
    centred: Vectors = points.vectors
    sums = sums_of(Space(centred, fit_frame(centred, remove_components=0)), labels, k)
    _, similarity = twins.nearest_twin(sums, labels, senses=points.senses, signs=points.stances)
    return float((similarity >= TWIN).mean())


if __name__ == "__main__":
    main()

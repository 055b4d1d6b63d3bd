"""Clusterings of planted themes, all methods beside each other and beside plain KMeans on MiniLM.

    python -m benchmarks.clusters [--phrases 12000] [--seeds 2] [--per-cluster 30] [--methods plain,leiden,…]

Columns: F1, mean over themes of the best cluster's F1; buried, share of themes most of whose phrases lie in clusters
where they are a minority; twins, share of clusters whose size-unbiased likeness to another that is no contrary is
0.85 or more, in vectors without their mean (no method clusters there); opposites, share of planted pairs of contrary
sense that share a cluster, by negation and by antonym; left, features in no cluster; ARI over seeds; ids kept by a
warm refit after 20% new features. The rules of polarity and the planted opposites are by one hand: words no rule
knows stay as the embedding has them.
"""

import argparse
import time
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from benchmarks.planted import Planted, phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers import twins
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Labels, Space, Vectors, dense, fit_frame, sums_of
from featdisc_assets.stages import clustering

TWIN = 0.85


def main() -> None:
    """Print one line a method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrases", type=int, default=12_000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--per-cluster", type=int, default=30)
    parser.add_argument("--methods", default="plain,kmeans,hdbscan,two_level,leiden,auto")
    options = parser.parse_args()
    planted = phrases(options.phrases)
    model = encoders.load(encoders.BUNDLED, backend="auto", precision="auto")
    points = Points.of(model.encode(planted.texts), planted.texts)
    print(f"{len(planted.texts):,} phrases of {len(planted.names)} themes, {model.identity}")
    for method in options.methods.split(","):
        clock, cpu = time.perf_counter(), time.process_time()
        fits = [_fit(points, method, options.per_cluster, seed) for seed in range(options.seeds)]
        spent = (time.perf_counter() - clock) / options.seeds, (time.process_time() - cpu) / options.seeds
        scores = score(planted, points, fits[0])
        scores["ari"] = float(
            np.mean([adjusted_rand_score(a, b) for i, a in enumerate(fits) for b in fits[:i]] or [np.nan])
        )
        if method != "plain":
            scores["kept"] = kept_after_growth(points, method, options.per_cluster)
        line = " ".join(f"{name} {value:.3f}" for name, value in scores.items())
        print(f"{method:<10} wall {spent[0]:.1f} s cpu {spent[1]:.1f} s {line}", flush=True)


def score(planted: Planted, points: Points, labels: Labels) -> dict[str, float]:
    """How well labels find the themes; the module's docstring says what each figure is."""
    labels = dense(labels)
    k, n_themes = int(labels.max()) + 1, len(planted.names)
    found = (planted.theme >= 0) & (labels >= 0)
    table = np.zeros((n_themes, k))
    np.add.at(table, (planted.theme[found], labels[found]), 1)
    sizes, total = np.bincount(labels[labels >= 0], minlength=k), np.bincount(planted.theme[planted.theme >= 0])
    minority = np.where(table < 0.5 * sizes, table, 0).sum(axis=1) + total - table.sum(axis=1)
    scores = {
        "k": float(k),
        "f1": float((2 * table / (sizes + total[:, None])).max(axis=1).mean()),
        "buried": float((minority > total / 2).mean()),
        "twins": _twin_share(points, labels, k),
    }
    for by in ("negation", "antonym"):
        pairs = [(a, b) for a, b, kind in planted.opposites if kind == by]
        n_together = sum(float(table[a] @ table[b]) for a, b in pairs)
        scores[by] = n_together / sum(float(total[a] * total[b]) for a, b in pairs)
    return scores | {"left": float((labels < 0).mean())}


def kept_after_growth(points: Points, method: str, per_cluster: int) -> float:
    """Share of clusters of a fit that a warm refit keeps after a fifth more features (more than half on each side)."""
    n = len(points.vectors)
    order = np.random.default_rng(0).permutation(n)
    old = np.sort(order[: round(n / 1.2)])
    first = clustering.fit(points.rows(old), **fit_settings(method, per_cluster, 0))
    earlier = np.full(n, -2, np.int64)
    earlier[old] = first.labels
    again = clustering.refit(points, earlier, first.frame, **fit_settings(method, per_cluster, 0)).labels[old]
    both = (first.labels >= 0) & (again >= 0)
    table = np.zeros((first.labels.max() + 1, again.max() + 1))
    np.add.at(table, (first.labels[both], again[both]), 1)
    kept = (2 * table > np.bincount(first.labels[first.labels >= 0])[:, None]) & (2 * table > table.sum(axis=0))
    return float(kept.any(axis=1).mean())


def fit_settings(method: str, per_cluster: int, seed: int) -> dict[str, Any]:
    """What every fit here is asked for but its method, granularity and seed: the defaults of the asset."""
    return {
        "method": method,
        "target_features_per_cluster": per_cluster,
        "min_similarity": 0.1,
        "remove_components": 5,
        "seed": seed,
    }


def _fit(points: Points, method: str, per_cluster: int, seed: int) -> Labels:
    if method == "plain":
        wanted = round(len(points.vectors) / per_cluster)
        plain: Labels = KMeans(wanted, random_state=seed).fit_predict(points.vectors).astype(np.int64)
        return plain
    return clustering.fit(points, **fit_settings(method, per_cluster, seed)).labels


def _twin_share(points: Points, labels: Labels, k: int) -> float:
    centred: Vectors = points.vectors
    sums = sums_of(Space(centred, fit_frame(centred, remove_components=0)), labels, k)
    _, similarity = twins.nearest_twin(sums, labels, senses=points.senses, signs=points.stances)
    return float((similarity >= TWIN).mean())


if __name__ == "__main__":
    main()

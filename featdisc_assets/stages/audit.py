"""Audit the clusters of one kind: near-duplicates, wording, stability and themes that no cluster is about."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.quality import stability, swallowed, terms, wording
from featdisc_assets.clusterers.space import Space, fit_frame, sums_of
from featdisc_assets.clusterers.twins import nearest_twin

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Rows = list[dict[str, Any]]
# Clusters a sample of points again with the settings of the fit: int64[m], -1 for none.
Refit = Callable[..., Ints]

# A phrase in fewer features than this, or than a tenth of the mean cluster, is not a theme.
_LEAST_FEATURES = 5


@dataclass(frozen=True, slots=True)
class KindClusters:
    """The features of one kind with their clusters.

    Attributes:
        kind: Name of the kind.
        feature_ids: One a feature.
        texts: One a feature.
        points: Vectors and signs of the features.
        labels: int64[n], an index of `clusters`, -1 for none.
        clusters: Ids of the clusters, sorted.
        space: The vectors less their mean.
    """

    kind: str
    feature_ids: pa.Array
    texts: pa.Array
    points: Points
    labels: Ints
    clusters: list[str]
    space: Space

    @classmethod
    def of(
        cls, kind: str, feature_ids: pa.Array, texts: pa.Array, cluster_ids: pa.Array, vectors: npt.NDArray[np.float32]
    ) -> "KindClusters | None":
        """From columns of one row a feature, where a null cluster id is no cluster; None without any cluster."""
        names = sorted(cluster_ids.unique().drop_null().to_pylist())
        if not names:
            return None
        labels = pc.index_in(cluster_ids, value_set=pa.array(names, pa.string())).fill_null(-1)
        points = Points.of(vectors, texts.to_pylist())
        space = Space(vectors, fit_frame(vectors, remove_components=0))
        return cls(kind, feature_ids, texts, points, labels.to_numpy().astype(np.int64), names, space)


@dataclass(frozen=True, slots=True)
class SwallowedThemes:
    """Rows of `swallowed_themes`, the features with each phrase, and how many phrases recur and features hold one."""

    phrases: Rows
    holders: list[tuple[str, pa.Array]]
    n_phrases: int
    n_features: int


def audit_clusters(
    kind: KindClusters, words: wording.Words, held: wording.Counts, stability_of: Reals, **thresholds: float
) -> Rows:
    """Rows of `cluster_audit`; `thresholds` are `twin_similarity` and `twin_terms` of its settings."""
    k = len(kind.clusters)
    sums = sums_of(kind.space, kind.labels, k)
    other, likeness = nearest_twin(sums, kind.labels, senses=kind.points.senses, signs=kind.points.stances)
    other = np.where(np.isfinite(likeness), other, -1)
    own = terms.distinctive(held[:, ~words.grammar], kind.labels, k)
    overlap = terms.overlap(own, other)
    shown = [word for word, is_grammar in zip(words.shown, words.grammar, strict=True) if not is_grammar]
    named, common = _lists(own, shown, k), _lists(own.where(terms.shared(own, other)), shown, k)
    within, beyond = terms.coherence(held, kind.labels, k)
    return [
        {
            "cluster_id": kind.clusters[i],
            "nearest_cluster_id": kind.clusters[other[i]] if other[i] >= 0 else None,
            "nearest_similarity": float(likeness[i]) if other[i] >= 0 else None,
            "is_near_duplicate": bool(likeness[i] >= thresholds["twin_similarity"]),
            "distinctive_terms": named[i],
            "shared_terms": common[i],
            "term_overlap": _number(overlap[i]),
            "shares_terms": bool(overlap[i] >= thresholds["twin_terms"]) if len(common[i]) > 1 else False,
            "lexical_coherence": _number(within[i]),
            "lexical_strangers": _number(beyond[i]),
            "stability": _number(stability_of[i]),
        }
        for i in range(k)
    ]


def find_swallowed(
    kind: KindClusters,
    words: wording.Words,
    held: wording.Counts,
    *,
    min_features: int,
    max_share: float,
    **limits: float,
) -> SwallowedThemes:
    """Find phrases that no cluster is about; `limits` are those of `swallowed.swallowed`."""
    least = min_features or max(_LEAST_FEATURES, len(kind.labels) // len(kind.clusters) // 10)
    # With few features, max_share alone allows hardly more than `least`.
    phrases = wording.phrases_of(words, at_least=least, at_most=max(4 * least, int(max_share * words.n)))
    found = swallowed.families(phrases.members, held[:, ~words.bare], kind.labels, kind.space)
    chosen = swallowed.swallowed(found, phrases.members, **limits)
    columns = phrases.members.tocsc()[:, chosen]
    holders = [
        (phrases.shown[phrase], kind.feature_ids.take(pa.array(np.sort(columns[:, [at]].indices))))
        for at, phrase in enumerate(chosen.tolist())
    ]
    rows = [
        {
            "kind": kind.kind,
            "phrase": phrases.shown[i],
            "n_features": int(found.n_features[i]),
            "n_clusters": int(found.n_clusters[i]),
            "best_cluster_id": kind.clusters[found.best[i]] if found.best[i] >= 0 else None,
        }
        | {
            name: float(getattr(found, name)[i])
            for name in ("best_share", "best_f1", "minority_share", "visibility", "cohesion", "host_cohesion")
        }
        for i in chosen.tolist()
    ]
    return SwallowedThemes(rows, holders, len(phrases.shown), len(np.unique(columns.indices)))


def refit_samples(
    kind: KindClusters, settings: Mapping[str, Any], refit: Refit, *, repeats: int, share: float, at_most: int
) -> Iterator[tuple[dict[str, Any], Reals]]:
    """Cluster samples again: for each, a row of `cluster_stability` and the best Jaccard similarity of each cluster.

    `settings` are those of the fit; `refit` is called with points, `drawn_from` and the settings of a sample.
    """
    knobs = dict(settings)
    apart, k = knobs.pop("keep_senses_apart"), len(kind.clusters)
    for repeat in range(repeats):
        drawn = stability.draw(len(kind.labels), k, share=share, at_most=at_most, seed=knobs["seed"], repeat=repeat)
        points = kind.points.rows(drawn.rows)
        points = points if apart else Points.unsigned(points.vectors)
        changed = {"seed": knobs["seed"] + 1 + repeat, "target_features_per_cluster": drawn.features_per_cluster}
        again = refit(points, **knobs | changed, drawn_from=len(kind.labels))
        before = kind.labels[drawn.rows]
        found = stability.jaccard(before, again, k)
        scored = found[~np.isnan(found)]
        yield (
            {
                "kind": kind.kind,
                "repeat": repeat,
                "n_features": len(drawn.rows),
                "n_clusters": k,
                "n_clusters_found": int(again.max(initial=-1)) + 1,
                "adjusted_rand": stability.adjusted_rand(before, again),
                "mean_jaccard": float(scored.mean()) if len(scored) else None,
                "n_judged": len(scored),
                "n_dissolved": int((scored < stability.DISSOLVED).sum()),
            },
            found,
        )


def phrase_features(found: list[tuple[str, SwallowedThemes]]) -> pa.Table:
    """Rows of kind, swallowed phrase and a feature that holds it, of all kinds."""
    parts = [
        pa.table({"kind": pa.repeat(kind, len(ids)), "phrase": pa.repeat(phrase, len(ids)), "feature_id": ids})
        for kind, themes in found
        for phrase, ids in themes.holders
    ]
    schema = pa.schema({"kind": pa.string(), "phrase": pa.string(), "feature_id": pa.string()})
    return pa.concat_tables([schema.empty_table(), *parts])


def _lists(own: terms.Terms, words: list[str], k: int) -> list[list[str]]:
    """The words of each of k clusters."""
    lists: list[list[str]] = [[] for _ in range(k)]
    for cluster, term in zip(own.cluster.tolist(), own.term.tolist(), strict=True):
        lists[cluster].append(words[term])
    return lists


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

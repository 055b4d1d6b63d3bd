"""One kind's clusters under the audit's eyes: vectors and texts in, rows of its tables out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Space, fit_frame, sums_of
from featdisc_assets.clusterers.twins import nearest_twin
from featdisc_assets.stages import clustering, stability, swallowed, terms, wording
from featdisc_assets.warehouse import Warehouse

Ints = npt.NDArray[np.int64]
Rows = list[dict[str, Any]]

# Fewer features than this, or than a tenth of a cluster, are no theme.
_LEAST_FEATURES = 5

MEMBERS = """
select cluster_members.feature_id, cluster_members.cluster_id, vocabulary.text, vectors.vector
from cluster_members
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
inner join current_vectors() as vectors on cluster_members.feature_id = vectors.feature_id
where cluster_members.kind = $1
order by vocabulary.feature_id
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """The features of one kind with their clusters.

    Attributes:
        kind: Its name.
        feature_ids: One a feature.
        texts: One a feature.
        points: Their vectors, and what keeps contraries apart.
        labels: int64[n], a place in `clusters`, -1 for none.
        clusters: Ids of the clusters, in order.
        space: The vectors without their mean, in which nothing was clustered.
    """

    kind: str
    feature_ids: pa.Array
    texts: pa.Array
    points: Points
    labels: Ints
    clusters: list[str]
    space: Space

    @property
    def sizes(self) -> Ints:
        """int64[k]: members of each cluster."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.clusters))


@dataclass(frozen=True, slots=True)
class Swallowed:
    """Rows of `swallowed_themes`, the features behind them, and how many phrases came back at all."""

    phrases: Rows
    holders: list[tuple[str, pa.Array]]
    n_phrases: int
    n_features: int


def read(db: Warehouse, kind: str) -> Kind | None:
    """A kind, or None where it has no cluster."""
    feature_ids, vectors = db.matrix(f"select feature_id, vector from ({MEMBERS})", [kind])
    rest = db.read(f"select cluster_id, text from ({MEMBERS})", [kind])
    owners = rest["cluster_id"].combine_chunks()
    names = sorted(name for name in owners.unique().to_pylist() if name is not None)
    if not names:
        return None
    labels = owners.dictionary_encode()
    place = {name: i for i, name in enumerate(names)}
    number = np.array([place[name] for name in labels.dictionary.to_pylist() if name is not None], np.int64)
    codes = labels.indices.fill_null(-1).to_numpy().astype(np.int64)
    found = np.where(codes >= 0, number[np.maximum(codes, 0)], -1)
    space = Space(vectors, fit_frame(vectors, remove_components=0))
    texts = rest["text"].combine_chunks()
    return Kind(kind, feature_ids, texts, Points.of(vectors, texts.to_pylist()), found, names, space)


def clusters_of(
    kind: Kind, words: wording.Words, held: wording.Counts, found_again: npt.NDArray[np.float64], **knobs: float
) -> Rows:
    """The rows of `cluster_audit`: nearest other that is no contrary, words of its own and in common, stability."""
    k = len(kind.clusters)
    sums = sums_of(kind.space, kind.labels, k)
    other, likeness = nearest_twin(sums, kind.labels, senses=kind.points.senses, signs=kind.points.stances)
    other = np.where(np.isfinite(likeness), other, -1)
    own = terms.distinctive(held[:, ~words.grammar], kind.labels, k)
    overlap = terms.overlap(own, other)
    said = [word for word, is_grammar in zip(words.shown, words.grammar, strict=True) if not is_grammar]
    named, common = _listed(own, said, k), _listed(own.where(terms.shared(own, other)), said, k)
    within, beyond = terms.coherence(held, kind.labels, k)
    return [
        {
            "cluster_id": kind.clusters[i],
            "nearest_cluster_id": kind.clusters[other[i]] if other[i] >= 0 else None,
            "nearest_similarity": float(likeness[i]) if other[i] >= 0 else None,
            "is_near_duplicate": bool(likeness[i] >= knobs["twin_similarity"]),
            "distinctive_terms": named[i],
            "shared_terms": common[i],
            "term_overlap": _number(overlap[i]),
            "shares_terms": bool(overlap[i] >= knobs["twin_terms"]) if len(common[i]) > 1 else False,
            "lexical_coherence": _number(within[i]),
            "lexical_strangers": _number(beyond[i]),
            "stability": _number(found_again[i]),
        }
        for i in range(k)
    ]


def themes_of(
    kind: Kind,
    words: wording.Words,
    held: wording.Counts,
    *,
    min_features: int,
    max_share: float,
    **limits: float,
) -> Swallowed:
    """The phrases of a kind that no cluster is about; `limits` are those of `swallowed.swallowed`."""
    least = min_features or max(_LEAST_FEATURES, len(kind.labels) // len(kind.clusters) // 10)
    # Of few features a share is hardly more than the least.
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
    return Swallowed(rows, holders, len(phrases.shown), len(np.unique(columns.indices)))


def refits_of(
    db: Warehouse, kind: Kind, *, repeats: int, share: float, at_most: int
) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.float64]]]:
    """Samples clustered again with the settings of the fit: a row of `cluster_stability` and each cluster's Jaccard."""
    [fit] = db.rows("select settings from cluster_fits where kind = $1", [kind.kind]) or [{"settings": None}]
    if fit["settings"] is None:
        return
    knobs = json.loads(fit["settings"])
    apart, k = knobs.pop("keep_senses_apart"), len(kind.clusters)
    for repeat in range(repeats):
        drawn = stability.draw(len(kind.labels), k, share=share, at_most=at_most, seed=knobs["seed"], repeat=repeat)
        points = kind.points.rows(drawn.rows)
        points = points if apart else Points.unsigned(points.vectors)
        changed = {"seed": knobs["seed"] + 1 + repeat, "target_features_per_cluster": drawn.features_per_cluster}
        again = clustering.fit(points, **knobs | changed, drawn_from=len(kind.labels)).labels
        before = kind.labels[drawn.rows]
        found = stability.jaccard(before, again, k)
        judged = found[~np.isnan(found)]
        yield (
            {
                "kind": kind.kind,
                "repeat": repeat,
                "n_features": len(drawn.rows),
                "n_clusters": k,
                "n_clusters_found": int(again.max(initial=-1)) + 1,
                "adjusted_rand": stability.adjusted_rand(before, again),
                "mean_jaccard": float(judged.mean()) if len(judged) else None,
                "n_judged": len(judged),
                "n_dissolved": int((judged < stability.DISSOLVED).sum()),
            },
            found,
        )


def holders(found: list[tuple[str, Swallowed]]) -> pa.Table:
    """Which feature holds which swallowed phrase, of all kinds."""
    parts = [
        pa.table({"kind": pa.repeat(kind, len(ids)), "phrase": pa.repeat(phrase, len(ids)), "feature_id": ids})
        for kind, themes in found
        for phrase, ids in themes.holders
    ]
    schema = pa.schema({"kind": pa.string(), "phrase": pa.string(), "feature_id": pa.string()})
    return pa.concat_tables([schema.empty_table(), *parts])


def _listed(own: terms.Terms, said: list[str], k: int) -> list[list[str]]:
    lists: list[list[str]] = [[] for _ in range(k)]
    for cluster, term in zip(own.cluster.tolist(), own.term.tolist(), strict=True):
        lists[cluster].append(said[term])
    return lists


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

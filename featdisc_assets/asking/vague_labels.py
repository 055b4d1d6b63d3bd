"""Labels that fit the neighbours' features as well as the cluster's own: asked for again, and the better one kept."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from featdisc_assets.asking.label_trials import LabelTrial, label_vectors, mean_by_kind, try_labels
from featdisc_assets.asking.names import Name
from featdisc_assets.asking.naming_rounds import CONTRAST, UNFAITHFUL, NamingRounds
from featdisc_assets.warehouse import Matrix, Warehouse

# Features of each side that a label is tried on.
PER_SIDE = 40


def retry_vague_labels(
    db: Warehouse, rounds: NamingRounds, names: Sequence[Name], *, min_fidelity: float
) -> tuple[list[Name], int]:
    """Ask again for labels below `min_fidelity`, and keep the better of both labels.

    Returns:
        All names, and how many were asked for again.
    """
    labelled = [name for name in names if name.label is not None]
    if all(name.is_kept for name in labelled):
        return list(names), 0
    vectors = _vectors(db, labelled)
    common = mean_by_kind(vectors, [name.subject.kind for name in labelled])
    found, items = try_labels(db, [_trial(name) for name in labelled], vectors, common, per_side=PER_SIDE)
    vague = [at for at in np.flatnonzero(found.auc < min_fidelity).tolist() if not labelled[at].is_kept]
    hardest = _hardest_features(db, items, vague)
    before = {labelled[at].subject.id: labelled[at] for at in vague}
    names = rounds.retry_round(names, UNFAITHFUL, {subject_id: hardest.get(subject_id, {}) for subject_id in before})
    retried = [name for name in names if name.subject.id in before]
    # Both labels are tried on what neither was made from. That is easier than what the first label failed on, so of
    # two labels that do equally well the second is kept.
    trials = [_trial(name) for name in retried]
    second, _ = try_labels(db, trials, _vectors(db, retried), common, per_side=PER_SIDE)
    first, _ = try_labels(db, trials, vectors[vague], common, per_side=PER_SIDE)
    worse = {name.subject.id for name, new, old in zip(retried, second.auc, first.auc, strict=True) if new < old}
    return [
        replace(name, label=before[name.subject.id].label, description=before[name.subject.id].description)
        if name.subject.id in worse
        else name
        for name in names
    ], len(vague)


def _trial(name: Name) -> LabelTrial:
    return LabelTrial(
        cluster_id=name.subject.id,
        kind=name.subject.kind,
        label=name.label or "",
        description=name.description or "",
        neighbour_ids=name.subject.neighbour_ids,
        shown=[*name.shown_ids, *name.contrast_ids],
    )


def _vectors(db: Warehouse, names: Sequence[Name]) -> Matrix:
    return label_vectors(db, [(name.label or "", name.description or "") for name in names])


def _hardest_features(db: Warehouse, items: pa.Table, vague: list[int]) -> dict[str, dict[str, str]]:
    """By cluster, ids and texts of the neighbours' features that its label is most similar to."""
    found = db.join(
        """
        select
            items.cluster_id,
            list(items.feature_id order by items.score desc, items.feature_id asc) as feature_ids,
            list(vocabulary.text order by items.score desc, items.feature_id asc) as texts
        from items
        inner join vague on items.trial = vague.trial
        inner join vocabulary on items.feature_id = vocabulary.feature_id
        where not items.is_member
        group by items.cluster_id""",
        {"items": items, "vague": pa.table({"trial": pa.array(vague, pa.int64())})},
    ).to_pylist()
    return {
        row["cluster_id"]: dict(zip(row["feature_ids"][:CONTRAST], row["texts"][:CONTRAST], strict=True))
        for row in found
    }

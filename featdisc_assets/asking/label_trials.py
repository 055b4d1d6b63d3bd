"""Trials of labels: similarity to held-out members of the cluster, against members of the nearest clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from featdisc_assets.encoders.current import current
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages.fidelity import Fidelity, fidelity
from featdisc_assets.warehouse import Matrix, Warehouse

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelTrial:
    """A cluster's name, and what the naming model saw.

    Attributes:
        cluster_id: The cluster.
        kind: The kind of its features.
        label: Its label.
        description: Its description.
        neighbour_ids: The nearest clusters, which give the negative examples.
        shown: Ids of all features that the naming model saw, of any cluster.
    """

    cluster_id: str
    kind: str
    label: str
    description: str
    neighbour_ids: Sequence[str]
    shown: Sequence[str]


def label_vectors(db: Warehouse, names: Sequence[tuple[str, str]]) -> Matrix:
    """Unit vectors of names by the current encoder: the mean of the label's and that of label and description."""
    texts = [text for label, description in names for text in (label, f"{label}: {description}")]
    if not texts or (encoder := current(db)) is None:
        return np.zeros((0, 1), np.float32)
    both = encoder.encode(texts).reshape(len(names), 2, -1)
    mean = both.mean(axis=1)
    # A label that a server refuses to embed has a zero vector.
    vectors: Matrix = (mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return vectors


def mean_by_kind(vectors: Matrix, kinds: Sequence[str]) -> dict[str, Vector]:
    """The mean label vector of each kind, to subtract from each label.

    Without that, features that resemble every label make neighbouring clusters look worse than chance.
    """
    of_row = np.array(kinds)
    return {kind: vectors[of_row == kind].mean(axis=0) for kind in sorted(set(kinds))}


def try_labels(
    db: Warehouse, trials: Sequence[LabelTrial], vectors: Matrix, common: dict[str, Vector], *, per_side: int
) -> tuple[Fidelity, pa.Table]:
    """How well each label separates members from neighbours' members, and the items it was tried on.

    Args:
        db: The warehouse, with vectors of features.
        trials: The labels.
        vectors: float32[n, d], from `label_vectors`.
        common: From `mean_by_kind`.
        per_side: Maximum number of members, and of others, for each label.

    Returns:
        Areas under the ROC curve in the order of the trials, and a table with `cluster_id`, `feature_id`, `is_member`,
        `is_shown`, `score` and `trial` (the trial's position).
    """
    places = pa.array([trial.cluster_id for trial in trials], pa.string())
    own = [vector - common[trial.kind] for vector, trial in zip(vectors, trials, strict=True)]
    named = pa.table(
        {
            "cluster_id": places,
            "neighbour_ids": pa.array([list(trial.neighbour_ids) for trial in trials], pa.list_(pa.string())),
            "vector": pa.array(own, pa.list_(pa.float32())),
        }
    )
    counts = [len(trial.shown) for trial in trials]
    shown = pa.table(
        {
            "cluster_id": places.take(pa.array(np.repeat(np.arange(len(trials)), counts))),
            "feature_id": pa.array([name for trial in trials for name in trial.shown], pa.string()),
        }
    )
    items = db.join(read_sql("read/fidelity_items"), {"named": named, "shown": shown}, {"per_side": per_side})
    group = items["cluster_id"].combine_chunks().dictionary_encode()
    # The dictionary is in order of appearance, the trials are not.
    position = {cluster_id: at for at, cluster_id in enumerate(places.to_pylist())}
    order = np.array([position[name] for name in group.dictionary.to_pylist()], np.int64)
    trial = order[group.indices.to_numpy()] if len(items) else np.zeros(0, np.int64)
    found = fidelity(trial, items["is_member"].to_numpy().astype(bool), items["score"].to_numpy(), n_groups=len(trials))
    return found, items.append_column("trial", pa.array(trial))

"""Labels on trial: each is compared with members of its cluster that the namer did not see, and with neighbours'."""

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
    """A cluster's name, and what its namer saw.

    Attributes:
        cluster_id: The cluster.
        kind: Of what it is a cluster.
        label: Its label.
        description: The sentence.
        neighbour_ids: The nearest clusters, whose members it is told from.
        shown: Ids of the features that the namer was shown, of whatever cluster.
    """

    cluster_id: str
    kind: str
    label: str
    description: str
    neighbour_ids: Sequence[str]
    shown: Sequence[str]


def label_vectors(db: Warehouse, names: Sequence[tuple[str, str]]) -> Matrix:
    """Unit vectors of names by the current encoder: of the label, and of label and sentence together, half and half."""
    texts = [text for label, description in names for text in (label, f"{label}: {description}")]
    if not texts or (encoder := current(db)) is None:
        return np.zeros((0, 1), np.float32)
    both = encoder.encode(texts).reshape(len(names), 2, -1)
    mean = both.mean(axis=1)
    # A label that a server refuses to embed is like nothing.
    vectors: Matrix = (mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return vectors


def mean_by_kind(vectors: Matrix, kinds: Sequence[str]) -> dict[str, Vector]:
    """What the labels of each kind have in common: their mean, to be taken off each of them.

    Without that, features that are like any label make the clusters they are neighbours of look worse than chance.
    """
    place = np.array(kinds)
    return {kind: vectors[place == kind].mean(axis=0) for kind in sorted(set(kinds))}


def try_labels(
    db: Warehouse, trials: Sequence[LabelTrial], vectors: Matrix, common: dict[str, Vector], *, per_side: int
) -> tuple[Fidelity, pa.Table]:
    """How well each label tells members from neighbours' members, and the items it was tried on.

    Args:
        db: With the vectors of features.
        trials: Labels, and what their namers saw.
        vectors: Of the labels, by `label_vectors`.
        common: What the labels of a kind have in common, by `mean_by_kind`.
        per_side: Members and others that a label is tried on, at most.

    Returns:
        The areas under the curve, in the order of the trials, and a table with `cluster_id`, `feature_id`, `is_member`,
        `is_shown`, `score` and `trial`, the trial's position.
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
    # From the order of the dictionary to that of the trials.
    position = {cluster_id: at for at, cluster_id in enumerate(places.to_pylist())}
    order = np.array([position[name] for name in group.dictionary.to_pylist()], np.int64)
    trial = order[group.indices.to_numpy()] if len(items) else np.zeros(0, np.int64)
    found = fidelity(
        trial,
        items["is_member"].to_numpy().astype(bool),
        items["score"].to_numpy(),
        n_groups=len(trials),
    )
    return found, items.append_column("trial", pa.array(trial))

"""Carry the thresholds on cosines over to another encoder, by equal shares.

    python -m benchmarks.thresholds [--data ../shared/data] [--old all-MiniLM-L6-v2] [--new featdisc/minilm-behaviours]

Each line gives a threshold, the share of items above it with the old encoder, and the threshold above which the same
share lies with the new one. The items are features of real answers by a strong rater, and clusters of them:

- leak and repeat: the cosine of a feature with the nearest other feature.
- surprising: the cosine of the centroids of a user cluster and a response cluster.
- twin: the similarity of a cluster to its nearest other, corrected for size, in centred vectors.
- assign: the cosine of a feature with the centroid of its cluster, without the common directions.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.measuring import parser
from benchmarks.outside import corpora
from benchmarks.outside.scores import PlainLeiden
from featdisc_assets import encoders
from featdisc_assets.assets.cluster_audit import AuditConfig
from featdisc_assets.assets.clustering import ClusterConfig
from featdisc_assets.assets.hygiene import HygieneConfig
from featdisc_assets.clusterers import twins
from featdisc_assets.clusterers.nearest_others import nearest_others
from featdisc_assets.clusterers.space import Frame, Labels, Space, Vectors, centres_of, fit_frame, sums_of
from featdisc_assets.training.held_out import Encode

Values = npt.NDArray[np.floating]
THRESHOLDS = (
    ("leak", HygieneConfig().leak_similarity),
    ("repeat", HygieneConfig().repeat_similarity),
    ("surprising", 0.5),  # sql/marts/surprising_pairs.sql
    ("twin", AuditConfig().twin_similarity),
    ("assign", ClusterConfig().min_similarity),
)
PER_CLUSTER = 25


def main() -> None:
    """Print one line per threshold."""
    options = parser(__doc__, data="../shared/data", old=encoders.BUNDLED, new=encoders.BEHAVIOURS).parse_args()
    rated = corpora.rows(Path(options.data) / "alpaca_ratings.jsonl")
    texts = {
        kind: sorted({text for row in rated if row["kind"] == kind for text in row["features"]})
        for kind in ("user", "response")
    }
    old, new = (_values(encoders.load(name, backend="auto", precision="auto").encode, texts)
                for name in (options.old, options.new))  # fmt: skip
    for name, threshold in THRESHOLDS:
        values = "leak" if name == "repeat" else name
        share = float((old[values] >= threshold).mean())
        equal = float(np.quantile(new[values], 1 - share))
        print(f"{name}: {threshold} leaves {share:.2%} above; with {options.new} {equal:.3f} does", flush=True)


def _values(encode: Encode, texts: dict[str, list[str]]) -> dict[str, Values]:
    """What is compared with each threshold, for one encoder."""
    user, response = encode(texts["user"]), encode(texts["response"])
    _, nearest = nearest_others(response, count=1)
    labels = {kind: _clusters(points) for kind, points in (("user", user), ("response", response))}
    frame = fit_frame(response, remove_components=5)
    space, k = Space(response, frame), int(labels["response"].max()) + 1
    centres = centres_of(space, labels["response"], k)
    centred = Space(response, fit_frame(response, remove_components=0))
    alike = twins.similarities(sums_of(centred, labels["response"], k), np.bincount(labels["response"]))
    np.fill_diagonal(alike, -np.inf)
    across = _centroids(user, labels["user"]) @ _centroids(response, labels["response"]).T
    return {
        "leak": nearest.ravel(),
        "surprising": across.ravel(),
        "twin": alike.max(axis=1),
        "assign": (space.all() * centres[labels["response"]]).sum(axis=1),
    }


def _clusters(points: Vectors) -> Labels:
    return PlainLeiden().levels(points, [PER_CLUSTER])[0]


def _centroids(points: Vectors, labels: Labels) -> Vectors:
    width = points.shape[1]
    unchanged = Frame(np.zeros(width, np.float32), np.zeros((width, 0), np.float32))
    return centres_of(Space(points, unchanged), labels, int(labels.max()) + 1)


if __name__ == "__main__":
    main()

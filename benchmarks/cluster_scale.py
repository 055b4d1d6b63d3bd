"""Clustering at the size of the published study: time, memory, and recovery of the themes.

    python -m benchmarks.cluster_scale [--phrases 34000] [--copies 35] [--per-cluster 179] [--plain]

The vectors of the planted phrases are copied. Each copy keeps what all phrases share (the mean and the leading
components that clustering removes); the rest is rotated at random. So the themes of different copies are unrelated, and
within a copy they are as hard to separate as in the original. F1 over all copies is comparable with F1 on the original
at the same number of features per cluster. With --plain, scikit-learn's KMeans runs too: to the end on the original,
and for two of its up to 300 iterations from a random start on all copies.
"""

import time

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info

from benchmarks.clusters import fit_labels, fit_settings, format_scores, load_planted, score
from benchmarks.encoding import sgemm
from benchmarks.measuring import parser, timed
from benchmarks.planted import Planted
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Labels, Space, Vectors, centres_of, fit_frame, nearest, unit
from featdisc_assets.stages import clustering

METHODS = ("leiden", "two_level")
COMPONENTS = 5


def main() -> None:
    """Print the small fits, the large fit, and the rate of assignment."""
    options = parser(__doc__, phrases=34_000, copies=35, per_cluster=179, plain=False).parse_args()
    print("BLAS:", *{f"{info['internal_api']} {info.get('architecture')}" for info in threadpool_info()})
    planted, small = load_planted(options.phrases)
    for method in [*METHODS, *(["plain"] if options.plain else [])]:
        with timed(f"{method}, {len(small.vectors):,}"):
            labels = fit_labels(small, method, options.per_cluster, 0)
        _print_score(planted, small, labels)
    large = Points(
        _rotated_copies(small.vectors, options.copies),
        np.tile(small.senses, options.copies),
        np.tile(small.stances, (options.copies, 1)),
    )
    with timed(f"auto, {len(large.vectors):,}"):
        found = clustering.fit(large, **fit_settings("auto", options.per_cluster, 0))
    _print_score(_copy_themes(planted, options.copies), large, found.labels)
    _print_assignment_rate(large, found)
    if options.plain:
        start = large.vectors[np.sort(np.random.default_rng(0).choice(len(large.vectors), len(found.centroids), False))]
        plain = KMeans(len(start), init=start, n_init=1, max_iter=2, random_state=0)
        with timed(f"plain, two iterations, {len(large.vectors):,}"):
            plain.fit(large.vectors)


def _print_score(planted: Planted, points: Points, labels: Labels) -> None:
    print(f"   {format_scores(score(planted, points, labels))}", flush=True)


def _rotated_copies(vectors: Vectors, n_copies: int) -> Vectors:
    """Unit rows. All copies but the first have everything outside the frame rotated at random."""
    n, width = vectors.shape
    frame = fit_frame(vectors, remove_components=COMPONENTS)
    residual = vectors - frame.mean
    shared = (residual @ frame.axes) @ frame.axes.T
    basis = np.linalg.svd(frame.axes, full_matrices=True)[0][:, COMPONENTS:]
    private: Vectors = (residual - shared) @ basis
    copies = np.empty((n_copies * n, width), np.float32)
    copies[:n] = vectors
    random = np.random.default_rng(0)
    basis_t = np.ascontiguousarray(basis.T)
    for copy in range(1, n_copies):
        rotation, _ = np.linalg.qr(random.normal(size=(width - COMPONENTS, width - COMPONENTS)))
        residual = private @ (rotation.astype(np.float32) @ basis_t)
        copies[copy * n : (copy + 1) * n] = unit(frame.mean + shared + residual)
    return copies


def _copy_themes(planted: Planted, n_copies: int) -> Planted:
    n_themes = len(planted.names)
    theme = [np.where(planted.theme < 0, -1, planted.theme + copy * n_themes) for copy in range(n_copies)]
    return Planted(
        texts=planted.texts * n_copies,
        theme=np.concatenate(theme),
        names=planted.names * n_copies,
        opposites=[
            (a + copy * n_themes, b + copy * n_themes, by) for copy in range(n_copies) for a, b, by in planted.opposites
        ],
    )


def _print_assignment_rate(points: Points, found: clustering.Clustering) -> None:
    space = Space(points.vectors, fit_frame(points.vectors, remove_components=COMPONENTS))
    centres = centres_of(space, found.labels, len(found.centroids))
    left, right = space.take(slice(0, 4_096)), np.ascontiguousarray(centres.T)
    sgemm_rate = sgemm(left, right)
    clock = time.perf_counter()
    nearest(space, centres)
    wall = time.perf_counter() - clock
    rate = 2 * points.vectors.size * len(centres) / wall / 1e9
    print(
        f"assignment of {len(space):,} to {len(centres):,}: {wall:.1f} s, {rate:.0f} GFLOP/s,"
        f" {rate / sgemm_rate:.0%} of sgemm's {sgemm_rate:.0f}"
    )


if __name__ == "__main__":
    main()

"""Clustering at the published study's size: time, memory, and whether the themes are found as well as in small.

    python -m benchmarks.cluster_scale [--phrases 34000] [--worlds 35] [--per-cluster 179] [--plain]

The vectors of planted phrases are copied into worlds. What all phrases share (the mean and the leading components that
clustering removes) stays, the rest is turned by a rotation of each world's own: its themes are strangers to those of
all others, and as hard to tell apart within it as in the original. So F1 over all worlds may be compared with F1 on
the one, at the same features per cluster. Beside each, with --plain, the plain way: scikit-learn's k-means, whole for
the one world, and for all of them from a random start and two iterations of the 300 it may take.
"""

import argparse
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info

from benchmarks.clusters import fit_settings, score
from benchmarks.encoding import sgemm
from benchmarks.planted import Planted, phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers.points import Points
from featdisc_assets.clusterers.space import Labels, Space, Vectors, centres_of, fit_frame, nearest, unit
from featdisc_assets.stages import clustering

METHODS = ("leiden", "two_level")
COMPONENTS = 5
T = TypeVar("T")


def main() -> None:
    """Print the small fits, the large one, and the rate of assignment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrases", type=int, default=34_000)
    parser.add_argument("--worlds", type=int, default=35)
    parser.add_argument("--per-cluster", type=int, default=179)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    print("BLAS:", *{f"{info['internal_api']} {info.get('architecture')}" for info in threadpool_info()})
    planted = phrases(options.phrases)
    encoder = encoders.load(encoders.BUNDLED, backend="auto", precision="auto")
    small = Points.of(encoder.encode(planted.texts), planted.texts)
    for method in METHODS:
        found = _timed(f"{method}, {len(small.vectors):,}", partial(_fit, small, method, options.per_cluster))
        _print_score(planted, small, found.labels)
    if options.plain:
        k = round(len(small.vectors) / options.per_cluster)
        labels = _timed(f"KMeans, {len(small.vectors):,}", lambda: KMeans(k, random_state=0).fit_predict(small.vectors))
        _print_score(planted, small, labels.astype(np.int64))
    large = Points(
        _rotated_copies(small.vectors, options.worlds),
        np.tile(small.senses, options.worlds),
        np.tile(small.stances, (options.worlds, 1)),
    )
    found = _timed(f"auto, {len(large.vectors):,}", lambda: _fit(large, "auto", options.per_cluster))
    _print_score(_copy_themes(planted, options.worlds), large, found.labels)
    _assignment(large, found)
    if options.plain:
        start = large.vectors[np.sort(np.random.default_rng(0).choice(len(large.vectors), len(found.centroids), False))]
        plain = KMeans(len(start), init=start, n_init=1, max_iter=2, random_state=0)
        _timed(f"KMeans, two iterations, {len(large.vectors):,}", lambda: plain.fit(large.vectors))


def _fit(points: Points, method: str, per_cluster: int) -> clustering.Clustering:
    return clustering.fit(points, **fit_settings(method, per_cluster, 0))


def _timed(name: str, function: Callable[[], T]) -> T:
    clock, cpu = time.perf_counter(), time.process_time()
    result = function()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e9
    wall, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{name}: {wall:.1f} s, {cpu:.1f} CPU s, peak so far {peak:.2f} GB", flush=True)
    return result


def _print_score(planted: Planted, points: Points, labels: Labels) -> None:
    print("   " + " ".join(f"{name} {value:.3f}" for name, value in score(planted, points, labels).items()), flush=True)


def _rotated_copies(vectors: Vectors, n_copies: int) -> Vectors:
    """Copies, all but the first with everything outside the frame turned by a random rotation; unit rows."""
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


def _assignment(points: Points, found: clustering.Clustering) -> None:
    """The rate of assigning all vectors to the clusters' centres, beside that of a bare matrix product."""
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

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

from benchmarks.clusters import knobs, score
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
    one = Points.of(encoder.encode(planted.texts), planted.texts)
    for method in METHODS:
        found = _timed(f"{method}, {len(one.vectors):,}", partial(_fit, one, method, options.per_cluster))
        _print_score(planted, one, found.labels)
    if options.plain:
        k = round(len(one.vectors) / options.per_cluster)
        labels = _timed(f"KMeans, {len(one.vectors):,}", lambda: KMeans(k, random_state=0).fit_predict(one.vectors))
        _print_score(planted, one, labels.astype(np.int64))
    many = Points(
        _worlds(one.vectors, options.worlds),
        np.tile(one.senses, options.worlds),
        np.tile(one.stances, (options.worlds, 1)),
    )
    found = _timed(f"auto, {len(many.vectors):,}", lambda: _fit(many, "auto", options.per_cluster))
    _print_score(_of_worlds(planted, options.worlds), many, found.labels)
    _assignment(many, found)
    if options.plain:
        start = many.vectors[np.sort(np.random.default_rng(0).choice(len(many.vectors), len(found.centroids), False))]
        plain = KMeans(len(start), init=start, n_init=1, max_iter=2, random_state=0)
        _timed(f"KMeans, two iterations, {len(many.vectors):,}", lambda: plain.fit(many.vectors))


def _fit(points: Points, method: str, per_cluster: int) -> clustering.Clustering:
    return clustering.fit(points, **knobs(method, per_cluster, 0))


def _timed(name: str, work: Callable[[], T]) -> T:
    clock, cpu = time.perf_counter(), time.process_time()
    done = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e9
    wall, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{name}: {wall:.1f} s, {cpu:.1f} CPU s, peak so far {peak:.2f} GB", flush=True)
    return done


def _print_score(planted: Planted, points: Points, labels: Labels) -> None:
    print("   " + " ".join(f"{name} {value:.3f}" for name, value in score(planted, points, labels).items()), flush=True)


def _worlds(vectors: Vectors, n_worlds: int) -> Vectors:
    """Copies, all but the first with everything outside the frame turned by a random rotation; unit rows."""
    n, width = vectors.shape
    frame = fit_frame(vectors, remove_components=COMPONENTS)
    away = vectors - frame.mean
    shared = (away @ frame.axes) @ frame.axes.T
    basis = np.linalg.svd(frame.axes, full_matrices=True)[0][:, COMPONENTS:]
    own: Vectors = (away - shared) @ basis
    copies = np.empty((n_worlds * n, width), np.float32)
    copies[:n] = vectors
    random = np.random.default_rng(0)
    inward = np.ascontiguousarray(basis.T)
    for world in range(1, n_worlds):
        turned, _ = np.linalg.qr(random.normal(size=(width - COMPONENTS, width - COMPONENTS)))
        away = own @ (turned.astype(np.float32) @ inward)
        copies[world * n : (world + 1) * n] = unit(frame.mean + shared + away)
    return copies


def _of_worlds(planted: Planted, n_worlds: int) -> Planted:
    n_themes = len(planted.names)
    theme = [np.where(planted.theme < 0, -1, planted.theme + world * n_themes) for world in range(n_worlds)]
    return Planted(
        texts=planted.texts * n_worlds,
        theme=np.concatenate(theme),
        names=planted.names * n_worlds,
        opposites=[
            (a + world * n_themes, b + world * n_themes, by)
            for world in range(n_worlds)
            for a, b, by in planted.opposites
        ],
    )


def _assignment(points: Points, found: clustering.Clustering) -> None:
    """The rate of assigning all vectors to the clusters' centres, beside that of a bare matrix product."""
    space = Space(points.vectors, fit_frame(points.vectors, remove_components=COMPONENTS))
    centres = centres_of(space, found.labels, len(found.centroids))
    left, right = space.take(slice(0, 4_096)), np.ascontiguousarray(centres.T)
    bare = sgemm(left, right)
    clock = time.perf_counter()
    nearest(space, centres)
    wall = time.perf_counter() - clock
    rate = 2 * points.vectors.size * len(centres) / wall / 1e9
    print(
        f"assignment of {len(space):,} to {len(centres):,}: {wall:.1f} s, {rate:.0f} GFLOP/s,"
        f" {rate / bare:.0%} of sgemm's {bare:.0f}"
    )


if __name__ == "__main__":
    main()

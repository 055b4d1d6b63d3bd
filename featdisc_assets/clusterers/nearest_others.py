"""The nearest other points of each, by faiss."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from importlib import import_module
from io import StringIO
from types import ModuleType

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_info

from featdisc_assets.clusterers.space import Labels, Vectors

# Cosines and rows, the nearest first, as faiss gives them.
Nearest = tuple[npt.NDArray[np.float32], Labels]

# Of more points neighbours are searched in cells.
EXACT_UP_TO = 60_000
CELLS_SEARCHED = 32

# What OpenBLAS calls a processor, and the name of the same arithmetic that its versions of years ago know.
_KERNELS = {
    "SkylakeX": "SkylakeX",
    "Cooperlake": "SkylakeX",
    "Sapphirerapids": "SkylakeX",
    "Haswell": "Haswell",
    "Zen": "Zen",
}


def nearest_others(points: Vectors, *, count: int) -> tuple[Labels, npt.NDArray[np.float32]]:
    """The `count` others of greatest cosine of each point, and the cosines; -1 where a search found fewer.

    Up to `EXACT_UP_TO` points all pairs are looked at. Beyond, points are dealt to cells around the centres of a
    k-means, and each looks into the cells whose centres are nearest to it: nine in ten neighbours are found so.

    Args:
        points: A unit row a point.
        count: Fewer than there are points.
    """
    n = len(points)
    cosines, others = _among_all(points, count + 1) if n <= EXACT_UP_TO else _among_cells(points, count + 1)
    # One too many, since a point mostly finds itself first: that one is taken out, else the farthest.
    own = others == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True
    return others[~own].reshape(n, count), cosines[~own].reshape(n, count)


def _among_all(points: Vectors, count: int) -> Nearest:
    index = _faiss().IndexFlatIP(points.shape[1])
    index.add(points)
    found: Nearest = index.search(points, count)
    return found


def _among_cells(points: Vectors, count: int) -> Nearest:
    faiss, (n, width) = _faiss(), points.shape
    cells = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, round(2 * n**0.5), faiss.METRIC_INNER_PRODUCT)
    cells.cp.seed, cells.cp.niter, cells.cp.max_points_per_centroid = 0, 10, 64
    cells.nprobe = CELLS_SEARCHED
    cells.train(points)
    cells.add(points)
    # Cell by cell, all that search it at once: the same as point by point in a third of the time. It prints as it goes.
    with redirect_stdout(StringIO()):
        found: Nearest = import_module("faiss.contrib.big_batch_search").big_batch_search(cells, points, count)
    return found


@cache
def _faiss() -> ModuleType:
    with _kernels_of_numpy():
        import faiss  # noqa: PLC0415 - reads the environment as it is loaded
    module: ModuleType = faiss
    return module


@contextmanager
def _kernels_of_numpy() -> Iterator[None]:
    """Let an OpenBLAS that is loaded meanwhile compute as numpy's does.

    The one within faiss is of 2021: a processor that came later is to it the oldest one there is, at a third of the
    speed. Who has set OPENBLAS_CORETYPE is obeyed.
    """
    name = "OPENBLAS_CORETYPE"
    found = [_KERNELS.get(pool["architecture"]) for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    if name in os.environ or not found or found[0] is None:
        yield
        return
    os.environ[name] = found[0]
    try:
        yield
    finally:
        del os.environ[name]

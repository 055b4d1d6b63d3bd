"""Nearest neighbours by faiss."""

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

# Cosines and rows, nearest first, as faiss returns them.
Nearest = tuple[npt.NDArray[np.float32], Labels]

# Above this number of points, the search is approximate (cells of an inverted file).
EXACT_UP_TO = 60_000
CELLS_SEARCHED = 32

# OpenBLAS's name of a processor, and the kernel of the same arithmetic that older versions know.
_KERNELS = {
    "SkylakeX": "SkylakeX",
    "Cooperlake": "SkylakeX",
    "Sapphirerapids": "SkylakeX",
    "Haswell": "Haswell",
    "Zen": "Zen",
}


def nearest_others(points: Vectors, *, count: int) -> tuple[Labels, npt.NDArray[np.float32]]:
    """The `count` other points of greatest cosine for each point, and the cosines; -1 where the search found fewer.

    Up to `EXACT_UP_TO` points, all pairs are compared. Above, points are assigned to cells by k-means and each is
    compared with the points of the nearest cells, which finds nine in ten neighbours.

    Args:
        points: Unit rows.
        count: Less than the number of points.
    """
    n = len(points)
    cosines, others = _among_all(points, count + 1) if n <= EXACT_UP_TO else _among_cells(points, count + 1)
    # One more than wanted, because a point usually finds itself; remove that one, else the farthest.
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
    # Searching cell by cell gives the same result in a third of the time. It prints its progress.
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
    """Make an OpenBLAS that is loaded in this block use the same kernels as numpy's.

    The one in faiss is of 2021 and falls back to its oldest kernels on newer processors, at a third of the speed. A
    value of OPENBLAS_CORETYPE that is already set is kept.
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

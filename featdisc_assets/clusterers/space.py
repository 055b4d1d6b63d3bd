"""The space of clustering: unit vectors without the directions that all short phrases share."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Similarities = npt.NDArray[np.float32]

# Rows a block: 25 MB of vectors, and of cosines to 7,000 centres some 450 MB.
BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class Frame:
    """The mean and components removed from every vector; kept with a fit, so that later features use the same space.

    Attributes:
        mean: float32[d].
        axes: float32[d, c], orthonormal columns.
    """

    mean: Vectors
    axes: Vectors

    def apply(self, vectors: Vectors) -> Vectors:
        """The vectors in this frame, unit rows (a vector of length 0 stays unchanged)."""
        centred = vectors - self.mean
        if self.axes.shape[1]:
            centred -= (centred @ self.axes) @ self.axes.T
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        seen = length > 1e-6
        framed: Vectors = np.where(seen, centred / np.where(seen, length, 1), vectors)
        return framed


def fit_frame(vectors: Vectors, *, remove_components: int) -> Frame:
    """Mean and leading principal components of the vectors.

    All-but-the-top (Mu & Viswanath 2018): sentence vectors of short phrases share a few directions that say
    "short phrase" and little else. At most one component per 100 vectors is removed, since it may be a theme in fewer.
    """
    n, width = vectors.shape
    mean = vectors.mean(axis=0, dtype=np.float64)
    components = min(remove_components, n // 100, width)
    if not components:
        return Frame(mean.astype(np.float32), np.zeros((width, 0), np.float32))
    moments = np.zeros((width, width))
    for start in range(0, n, BLOCK):
        block = vectors[start : start + BLOCK]
        moments += block.T @ block
    _, axes = np.linalg.eigh(moments - n * np.outer(mean, mean))
    return Frame(mean.astype(np.float32), np.ascontiguousarray(axes[:, -components:], np.float32))


class Space:
    """Vectors in a frame, as a view without a copy.

    Args:
        vectors: float32[n, d] of the encoder.
        frame: What to remove.
        rows: Which of them belong to this space; None for all.
    """

    def __init__(self, vectors: Vectors, frame: Frame, rows: Labels | None = None) -> None:
        self.vectors = vectors
        self.frame = frame
        self.rows = rows

    def __len__(self) -> int:
        return len(self.vectors) if self.rows is None else len(self.rows)

    def take(self, rows: Labels | slice) -> Vectors:
        """Vectors of some rows, in the frame."""
        return self.frame.apply(self.vectors[rows if self.rows is None else self.rows[rows]])

    def all(self) -> Vectors:
        """All vectors, in the frame: a copy."""
        return self.take(slice(None))

    def within(self, rows: Labels) -> "Space":
        """The space of some rows."""
        return Space(self.vectors, self.frame, rows if self.rows is None else self.rows[rows])

    def blocks(self) -> Iterator[tuple[int, Vectors]]:
        """Start and vectors of each block of rows."""
        for start in range(0, len(self), BLOCK):
            yield start, self.take(slice(start, start + BLOCK))


def nearest(space: Space, centres: Vectors, *, block: int = 4_096) -> tuple[Labels, Similarities]:
    """The centre of greatest cosine for each vector, and that cosine, in blocks of both that fit the cache."""
    labels = np.empty(len(space), np.int64)
    similarity = np.empty(len(space), np.float32)
    across = np.ascontiguousarray(centres.T)
    cosines = np.empty((block, len(centres)), np.float32)
    for start, vectors in space.blocks():
        for at in range(0, len(vectors), block):
            part = vectors[at : at + block]
            found = np.matmul(part, across, out=cosines[: len(part)])
            best = found.argmax(axis=1)
            labels[start + at : start + at + len(part)] = best
            similarity[start + at : start + at + len(part)] = found[np.arange(len(part)), best]
    return labels, similarity


def centres_of(space: Space, labels: Labels, n_clusters: int) -> Vectors:
    """Unit mean of each cluster's vectors; rows labelled -1 are ignored."""
    return unit(sums_of(space, labels, n_clusters))


def sums_of(space: Space, labels: Labels, n_clusters: int) -> Vectors:
    """Sum of each cluster's vectors; rows labelled -1 are ignored."""
    total = np.zeros((n_clusters, space.vectors.shape[1]), np.float32)
    for start, vectors in space.blocks():
        part = labels[start : start + len(vectors)]
        members = np.flatnonzero(part >= 0)
        # A sparse product adds rows in order, independent of the number of threads.
        member_of = sp.csr_matrix(
            (np.ones(len(members), np.float32), (part[members], members)), shape=(n_clusters, len(vectors))
        )
        total += member_of @ vectors
    return total


def unit(matrix: Vectors) -> Vectors:
    """Rows of length one; a row of zeros stays."""
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: Vectors = np.divide(matrix, length, out=np.zeros_like(matrix), where=length > 1e-12)
    return scaled


def settle(space: Space, labels: Labels, *, steps: int) -> Labels:
    """A few Lloyd steps on the sphere; empty clusters disappear."""
    for _ in range(steps):
        labels = dense(labels)
        labels, _ = nearest(space, centres_of(space, labels, int(labels.max()) + 1))
    return dense(labels)


def dense(labels: Labels) -> Labels:
    """Renumber clusters 0, 1, … without gaps, in the old order; -1 stays."""
    numbered = labels.copy()
    seen = labels >= 0
    _, numbered[seen] = np.unique(labels[seen], return_inverse=True)
    return numbered

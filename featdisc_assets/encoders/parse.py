"""What an embedding server sent, as a matrix that can be trusted: complete, in order, finite, of one width."""

import base64
import binascii
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]


class UnusableVectorsError(Exception):
    """An answer that does not hold one good vector a text."""


def unit_rows(response: Any, n_texts: int) -> Matrix:  # noqa: ANN401  (a litellm.EmbeddingResponse)
    """Unit vectors in the order of the texts, whatever order they came in.

    Args:
        response: As litellm returns it; vectors are lists of numbers, or little-endian float32 in base64.
        n_texts: How many were sent.

    Raises:
        UnusableVectorsError: If a vector is missing, comes twice, has no direction, or has another width.
    """
    entries = list(getattr(response, "data", None) or [])
    if len(entries) != n_texts:
        raise UnusableVectorsError(f"{len(entries):,} vectors came for {n_texts:,} texts")
    places = [_field(entry, "index") for entry in entries]
    # Some servers number nothing and keep the order; numbers that are there must be each text's own.
    if any(place is not None for place in places):
        if set(places) != set(range(n_texts)):
            raise UnusableVectorsError("the vectors are not numbered as the texts are")
        entries = [entry for _, entry in sorted(zip(places, entries, strict=True), key=lambda pair: pair[0])]
    rows = [_vector(_field(entry, "embedding")) for entry in entries]
    if len({len(row) for row in rows}) != 1 or not len(rows[0]):
        raise UnusableVectorsError("the vectors are not all of one width")
    # In double: the squares of large numbers leave float32.
    matrix = np.stack(rows).astype(np.float64)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not (norms > 0).all():
        raise UnusableVectorsError("a vector has no direction: it is zero or not finite")
    unit: Matrix = (matrix / norms).astype(np.float32)
    return unit


def _field(entry: Any, name: str) -> Any:  # noqa: ANN401  (litellm gives objects for some providers, dicts for others)
    return entry.get(name) if isinstance(entry, dict) else getattr(entry, name, None)


def _vector(given: object) -> npt.NDArray[np.floating[Any]]:
    try:
        if isinstance(given, str):
            return np.frombuffer(base64.b64decode(given, validate=True), "<f4")
        vector = np.asarray(given, np.float64)
    except (binascii.Error, TypeError, ValueError):
        raise UnusableVectorsError("a vector is neither a list of numbers nor float32 in base64") from None
    if vector.ndim != 1:
        raise UnusableVectorsError("a vector is neither a list of numbers nor float32 in base64")
    return vector

"""The response of an embedding server as a validated matrix, and as a ledger row."""

import base64
import binascii
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from featdisc_assets.encoders.server import Server
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.faults import AttemptResult

Matrix = npt.NDArray[np.float32]


class UnusableVectorsError(Exception):
    """A response without one valid vector per text."""


def unit_rows(response: Any, n_texts: int) -> Matrix:  # noqa: ANN401  (a litellm.EmbeddingResponse)
    """Unit vectors in the order of the texts, whatever their order in the response.

    Args:
        response: As litellm returns it; vectors are lists of numbers, or little-endian float32 in base64.
        n_texts: The number of texts sent.

    Returns:
        A float32 matrix of one row per text.

    Raises:
        UnusableVectorsError: If a vector is missing, duplicated, zero, not finite, or of another width.
    """
    entries = list(getattr(response, "data", None) or [])
    if len(entries) != n_texts:
        raise UnusableVectorsError(f"{len(entries):,} vectors came for {n_texts:,} texts")
    places = [_field(entry, "index") for entry in entries]
    # Some servers send no numbers and keep the order.
    if any(place is not None for place in places):
        if set(places) != set(range(n_texts)):
            raise UnusableVectorsError("the vectors are not numbered as the texts are")
        entries = [entry for _, entry in sorted(zip(places, entries, strict=True), key=lambda pair: pair[0])]
    rows = [_vector(_field(entry, "embedding")) for entry in entries]
    if len({len(row) for row in rows}) != 1 or not len(rows[0]):
        raise UnusableVectorsError("the vectors are not all of one width")
    # In float64, since the squares of large numbers overflow float32.
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
        if (vector := np.asarray(given, np.float64)).ndim == 1:
            return vector
    except (binascii.Error, TypeError, ValueError):
        pass
    raise UnusableVectorsError("a vector is neither a list of numbers nor float32 in base64")


def to_attempt(
    server: Server,
    identity: str,
    provider: str,
    texts: list[str],
    result: AttemptResult,
    response: Any,  # noqa: ANN401  (a litellm.EmbeddingResponse)
    latency_ms: float,
) -> Attempt:
    """The ledger row of one attempt; tokens and cost stay unknown if the server reports no usage."""
    whole = "\0".join((identity, *texts))
    attempt = Attempt(
        request_key=blake2b(whole.encode(), digest_size=16).hexdigest(),
        purpose="embedding",
        # A refused text is sent alone in the end, so that its row has the text itself.
        subject_id=texts[0] if len(texts) == 1 else f"{len(texts):,} texts",
        model=server.model,
        prompt_version="",
        provider=provider,
        status=result.status,
        error=result.error or None,
        latency_ms=round(latency_ms, 3),
    )
    if response is not None:
        attempt.raw = f"{len(getattr(response, 'data', None) or []):,} vectors"
        attempt.served_model = response.model
        usage = getattr(response, "usage", None)
        attempt.tokens_in = (usage.prompt_tokens or usage.total_tokens) if usage is not None else None
        if attempt.tokens_in:
            attempt.tokens_out = 0
            price = server.price
            attempt.cost_usd = None if price is None else price.of(attempt.tokens_in, 0)
    return attempt

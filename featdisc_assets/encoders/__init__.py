"""From the name of an encoder to something that turns texts into unit vectors."""

from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from featdisc_assets.encoders.bundled import BUNDLED, REMOTE, EncoderError

__all__ = ["BUNDLED", "REMOTE", "Encoder", "EncoderError", "is_remote", "load", "of_identity"]


class Encoder(Protocol):
    """Texts to unit vectors, always the same for the same batch of texts."""

    @property
    def identity(self) -> str:
        """All that decides a vector but its text: model, backend, precision. Vectors are cached under it."""

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """A float32 matrix, one unit row a text, in the order given; zeros for a text that a server refuses."""


def is_remote(name: str) -> bool:
    """Whether a name or identity is that of a model behind litellm, which `remote.RemoteEncoder` asks."""
    return name.startswith(REMOTE)


@cache
def load(model: str, *, backend: str, precision: str) -> Encoder:
    """The encoder of that name, on this machine.

    Args:
        model: `all-MiniLM-L6-v2` (bundled), or any sentence-transformers model or folder.
        backend: `openvino`, `torch`, or `auto`: the faster one that this machine has.
        precision: `bf16`, `fp32`, or `auto`: bf16 where the processor computes in it, else fp32.

    Raises:
        EncoderError: The model cannot be loaded, or the machine lacks what was asked for by name.
    """
    from featdisc_assets.encoders import local  # noqa: PLC0415  (brings seconds of imports)

    encoder = local.load(model, backend=backend, precision=precision)
    return _LOADED.setdefault(encoder.identity, encoder)


# By identity: `auto` and what it came to are one model, which takes seconds to load.
_LOADED: dict[str, Encoder] = {}


def of_identity(identity: str) -> Encoder:
    """The encoder that made vectors of that identity, on this machine.

    Raises:
        EncoderError: It cannot be loaded on this machine.
    """
    if identity in _LOADED:
        return _LOADED[identity]
    model, backend, precision = identity.rsplit(" ", 2)
    return load(model, backend=backend, precision=precision)

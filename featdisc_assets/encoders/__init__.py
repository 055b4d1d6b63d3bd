"""Encoders, which turn texts into unit vectors, by name or by identity."""

from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from featdisc_assets.encoders.bundled import BEHAVIOURS, BUNDLED, REMOTE, EncoderError

__all__ = ["BEHAVIOURS", "BUNDLED", "REMOTE", "Encoder", "EncoderError", "is_remote", "load", "of_identity"]


class Encoder(Protocol):
    """Turns texts into unit vectors, deterministically for the same batch of texts."""

    @property
    def identity(self) -> str:
        """All that decides a vector apart from its text: model, backend, precision. Vectors are cached by it."""

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """A float32 matrix of one unit row per text, in order; zeros for a text that a server refuses."""


def is_remote(name: str) -> bool:
    """True for the name or identity of a model behind litellm, for `remote.RemoteEncoder`."""
    return name.startswith(REMOTE)


@cache
def load(model: str, *, backend: str, precision: str) -> Encoder:
    """Load an encoder on this machine.

    Args:
        model: `featdisc/minilm-behaviours` or `all-MiniLM-L6-v2`, both in the package, an adapter's file, or any
            sentence-transformers model or folder; a name in the package may have a revision after an @.
        backend: `openvino`, `torch`, or `auto`: the fastest that this machine has.
        precision: `bf16`, `fp32`, or `auto`: bf16 where the processor supports it, else fp32.

    Raises:
        EncoderError: If the model cannot be loaded, or the machine lacks the backend or precision.
    """
    from featdisc_assets.encoders import local  # noqa: PLC0415  (brings seconds of imports)

    encoder = local.load(model, backend=backend, precision=precision)
    return _LOADED.setdefault(encoder.identity, encoder)


# By identity: `auto` and the choice it resolves to are one model, which takes seconds to load.
_LOADED: dict[str, Encoder] = {}


def of_identity(identity: str) -> Encoder:
    """The encoder of vectors of that identity.

    Raises:
        EncoderError: If it cannot be loaded on this machine.
    """
    if identity in _LOADED:
        return _LOADED[identity]
    model, backend, precision = identity.rsplit(" ", 2)
    return load(model, backend=backend, precision=precision)

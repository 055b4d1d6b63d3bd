"""What encoding costs, beside sentence-transformers as it comes, on the same texts in the same run.

    python -m benchmarks.encoding [--texts 8000] [--rounds 3]

Planted phrases of some ten tokens. Each way has encoded once before it is timed, and the ways take turns, so that a
machine that slows down slows all of them; the median of the rounds is printed. Cosines are to what
sentence-transformers computes in fp32; neighbours, the share of the first texts whose nearest other one is the same.
GFLOP/s are those of the layers' matrix products over the tokens that the texts have: beside the machine's sgemm they
say what is left to gain (bf16 does at most twice as many on processors with AVX-512, more on those with AMX).
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
COMPARED = 8_000
VARIANTS = (("torch", "fp32"), ("openvino", "fp32"), ("auto", "auto"))


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=3)
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
    print(f"sgemm: {sgemm(left, right):.0f} GFLOP/s", flush=True)
    encoders_by_name: dict[str, Callable[[list[str]], Vectors]] = {"sentence-transformers, its defaults": plain.encode}
    for backend, precision in VARIANTS:
        encoder = encoders.load(encoders.BUNDLED, backend=backend, precision=precision)
        encoders_by_name[encoder.identity] = encoder.encode
    vectors, rates = _time_in_turns(encoders_by_name, texts, options.rounds)
    reference = next(iter(vectors.values()))
    for name, found in vectors.items():
        wall, cpu = np.median(rates[name], axis=0)
        print(
            f"{name}: {wall:,.0f} texts a second, {cpu:,.0f} a CPU second, {flop / len(texts) * wall / 1e9:.0f} GFLOP/s"
        )
        cosine = np.einsum("ij,ij->i", reference, found)
        same = (_nearest_neighbour(reference[:COMPARED]) == _nearest_neighbour(found[:COMPARED])).mean()
        print(f"   cosine {cosine.mean():.6f}, at least {cosine.min():.6f}; neighbours {same:.1%}", flush=True)


def _time_in_turns(
    encoders_by_name: dict[str, Callable[[list[str]], Vectors]], texts: list[str], rounds: int
) -> tuple[dict[str, Vectors], dict[str, list[tuple[float, float]]]]:
    """By way: unit vectors, and of each round how many texts a second and a CPU second."""
    vectors: dict[str, Vectors] = {}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in encoders_by_name}
    for encode in encoders_by_name.values():
        encode(texts[:WARM_UP])
    for _ in range(rounds):
        for name, encode in encoders_by_name.items():
            clock, cpu = time.perf_counter(), time.process_time()
            found = encode(texts)
            wall, cpu = time.perf_counter() - clock, time.process_time() - cpu
            rates[name].append((len(texts) / wall, len(texts) / cpu))
            vectors[name] = found / np.linalg.norm(found, axis=1, keepdims=True)
            print(f"   {name}: {len(texts) / wall:,.0f} texts a second", flush=True)
    return vectors, rates


def sgemm(left: Vectors, right: Vectors) -> float:
    """GFLOP/s of the median of a dozen products of two matrices."""
    out, spent = np.empty((len(left), right.shape[1]), np.float32), []
    for _ in range(12):
        clock = time.perf_counter()
        np.matmul(left, right, out=out)
        spent.append(time.perf_counter() - clock)
    return float(2 * left.size * right.shape[1] / np.median(spent) / 1e9)


def _nearest_neighbour(vectors: Vectors) -> Labels:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest: Labels = cosines.argmax(axis=1)
    return nearest


if __name__ == "__main__":
    main()

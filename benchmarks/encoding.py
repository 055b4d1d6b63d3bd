"""Throughput of the encoders beside sentence-transformers with its defaults, on the same texts in the same run.

    python -m benchmarks.encoding [--model all-MiniLM-L6-v2] [--texts 8000] [--rounds 3]

Texts are planted phrases of about ten tokens. All encoders are warmed up and take turns, so that a slow machine slows
all of them alike; the medians of the rounds are printed. Cosines are with the fp32 vectors of sentence-transformers;
neighbours is the share of the first texts whose nearest other text is the same. GFLOP/s count the matrix products of
the layers over the tokens of the texts; compare them with sgemm (bf16 reaches at most twice that on processors with
AVX-512, more with AMX).
"""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.measuring import measured, parser
from benchmarks.planted import phrases
from featdisc_assets import encoders
from featdisc_assets.clusterers.space import Labels, Vectors
from featdisc_assets.encoders import local

WARM_UP = 256
COMPARED = 8_000
VARIANTS = (("torch", "fp32"), ("openvino", "fp32"), ("auto", "auto"))


def main() -> None:
    """Print the figures of each encoder."""
    options = parser(__doc__, model=encoders.BUNDLED, texts=8_000, rounds=3).parse_args()
    texts = phrases(options.texts).texts
    np.random.default_rng(0).shuffle(texts)
    loaded = local.load(options.model, backend="torch", precision="fp32")
    assert isinstance(loaded, local.TorchEncoder)  # noqa: S101
    plain = loaded.model
    layers = sum(weight.numel() for name, weight in plain.named_parameters() if ".layer" in name and weight.ndim == 2)
    flop = 2 * layers * sum(len(ids) for ids in plain.tokenizer(texts)["input_ids"])
    # The shape of a feed-forward layer.
    left, right = (np.random.default_rng(0).random(shape, np.float32) for shape in ((2_048, 384), (384, 1_536)))
    print(f"sgemm: {sgemm(left, right):.0f} GFLOP/s", flush=True)
    encoders_by_name: dict[str, Callable[[list[str]], Vectors]] = {"sentence-transformers, its defaults": plain.encode}
    for backend, precision in VARIANTS:
        encoder = encoders.load(options.model, backend=backend, precision=precision)
        encoders_by_name[encoder.identity] = encoder.encode
    vectors, rates = _time_in_turns(encoders_by_name, texts, options.rounds)
    reference = next(iter(vectors.values()))
    for name, found in vectors.items():
        wall, cpu = np.median(rates[name], axis=0)
        print(f"{name}: {wall:,.0f} texts/s, {cpu:,.0f} per CPU second, {flop / len(texts) * wall / 1e9:.0f} GFLOP/s")
        cosine = np.einsum("ij,ij->i", reference, found)
        same = (_nearest_neighbour(reference[:COMPARED]) == _nearest_neighbour(found[:COMPARED])).mean()
        print(f"   cosine {cosine.mean():.6f}, minimum {cosine.min():.6f}; same neighbours {same:.1%}", flush=True)


def _time_in_turns(
    encoders_by_name: dict[str, Callable[[list[str]], Vectors]], texts: list[str], rounds: int
) -> tuple[dict[str, Vectors], dict[str, list[tuple[float, float]]]]:
    """By encoder: unit vectors, and texts per second and per CPU second of each round."""
    vectors: dict[str, Vectors] = {}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in encoders_by_name}
    for encode in encoders_by_name.values():
        encode(texts[:WARM_UP])
    for _ in range(rounds):
        for name, encode in encoders_by_name.items():
            with measured() as cost:
                found = encode(texts)
            rates[name].append((len(texts) / cost.wall_s, len(texts) / cost.cpu_s))
            vectors[name] = found / np.linalg.norm(found, axis=1, keepdims=True)
            print(f"   {name}: {len(texts) / cost.wall_s:,.0f} texts/s", flush=True)
    return vectors, rates


def sgemm(left: Vectors, right: Vectors) -> float:
    """Median GFLOP/s of twelve products of two matrices."""
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

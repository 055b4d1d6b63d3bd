"""Train the package's encoder of behaviours again, from the groups in the package alone.

    python -m tools.adapt_encoder [--seed 0] [--out featdisc_assets/encoders/minilm-behaviours.safetensors]

A tenth of the families is held out; their scores are printed for the bundled model and for the new encoder:
recall@5 is the share of a phrase's group among its five nearest phrases; accuracy is the share of triples in which a
near miss is farther than another phrase of the group.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from featdisc_assets import encoders
from featdisc_assets.encoders import local
from featdisc_assets.training import adapter as training
from featdisc_assets.training import held_out
from featdisc_assets.training.groups import Group, shipped_groups, split


def main() -> None:
    """Train, write the adapter, and print what it gained."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--out", type=Path, default=Path("featdisc_assets/encoders/minilm-behaviours.safetensors"))
    given = options.parse_args()
    kept, held = split(shipped_groups())
    print(f"{len(kept):,} groups to train on, {len(held):,} held out", flush=True)
    before = _scores(encoders.BUNDLED, held)
    adapter = training.train(local.bundled_model(), kept, seed=given.seed, progress=_progress())
    training.write(adapter, given.out)
    after = _scores(str(given.out), held)
    for name in before:
        print(f"{name}: {before[name]:.3f} before, {after[name]:.3f} after")
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB")


def _scores(encoder: str, groups: list[Group]) -> dict[str, float]:
    """recall@5 and accuracy of all groups and of each kind."""
    encode = encoders.load(encoder, backend="torch", precision="fp32").encode
    scores = {}
    for kind in ("all", *sorted({group.kind for group in groups})):
        of_kind = [group for group in groups if kind in ("all", group.kind)]
        scores[f"recall@5, {kind}"] = held_out.recall(encode, of_kind)
        scores[f"accuracy, {kind}"] = held_out.accuracy(encode, of_kind)
    return scores


def _progress() -> Callable[[int, int], None]:
    """Prints a line every 50 steps."""
    started = time.monotonic()

    def show(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            print(f"step {done} of {total}, {time.monotonic() - started:.0f} s", flush=True)

    return show


if __name__ == "__main__":
    main()

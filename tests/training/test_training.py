"""Training of adapters: the loss by hand, a small run on the real model, and the groups in the package."""

import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from featdisc_assets import encoders
from featdisc_assets.encoders import local
from featdisc_assets.encoders.adapter import SUFFIX
from featdisc_assets.training import adapter as training
from featdisc_assets.training import held_out
from featdisc_assets.training.groups import Group, shipped_groups, split


def test_the_loss_counts_other_groups_and_near_misses_against_a_pair() -> None:
    cosines = torch.tensor([[1.0, 0.5, 0.2, 0.1], [0.5, 1.0, 0.3, 0.0], [0.2, 0.3, 1.0, 0.4], [0.1, 0.0, 0.4, 1.0]])
    owner, is_same = torch.tensor([0, 0, 0, 1]), torch.tensor([True, True, False, True])
    found = training.info_nce(cosines, owner, is_same, temperature=0.5)
    pairs = [(0.5, (0.2, 0.1)), (0.5, (0.3, 0.0))]
    by_hand = [-math.log(math.exp(p / 0.5) / sum(math.exp(c / 0.5) for c in (p, *others))) for p, others in pairs]
    assert found.item() == pytest.approx(np.mean(by_hand), abs=1e-6)


def test_a_group_without_near_misses_takes_part() -> None:
    groups = [Group((f"a{at}", f"b{at}"), (), "family", "user") for at in range(3)]
    texts, owner, is_same = training._draw(groups, random.Random(0))
    assert sorted(texts) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert Counter(owner.tolist()) == {0: 2, 1: 2, 2: 2}
    assert bool(is_same.all())


def test_training_brings_the_phrases_of_a_group_together_and_repeats_itself(tmp_path: Path) -> None:
    groups = [group for group in shipped_groups() if group.kind == "thought"][:24]
    steps: list[tuple[int, int]] = []
    plain = local.bundled_model()
    adapter = training.train(plain, groups, seed=1, progress=lambda done, total: steps.append((done, total)))
    again = training.train(plain, groups, seed=1, progress=lambda done, total: None)
    assert steps[-1] == (len(steps), len(steps))
    assert {name: tensor.shape for name, tensor in again.items()} == {n: tensor.shape for n, tensor in adapter.items()}
    assert all(torch.equal(tensor, again[name]) for name, tensor in adapter.items())

    file = tmp_path / f"some{SUFFIX}"
    training.write(adapter, file)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    before, after = (encoders.load(name, backend="torch", precision="fp32") for name in (encoders.BUNDLED, str(file)))
    assert held_out.accuracy(after.encode, groups) > held_out.accuracy(before.encode, groups)


def test_shipped_groups_have_phrases_of_their_own_and_whole_families_are_held_out() -> None:
    groups = shipped_groups()
    assert len(groups) > 3_000
    assert all(len(set(group.same)) >= 6 and len(group.other) >= 2 for group in groups)
    assert all(not set(group.same) & set(group.other) for group in groups)
    kept, held = split(groups)
    assert len(kept) + len(held) == len(groups)
    assert 0.05 < len(held) / len(groups) < 0.2
    assert not {group.family for group in kept} & {group.family for group in held}


def test_recall_and_accuracy_by_hand() -> None:
    at = {"a": 0.0, "b": 0.1, "c": 2.0, "d": 2.1, "miss a": 0.05, "miss c": 1.0}
    groups = [Group(("a", "b"), ("miss a",), "f", "user"), Group(("c", "d"), ("miss c",), "g", "user")]

    def encode(texts: list[str]) -> np.ndarray:
        angles = np.array([at[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    # The nearest to a and to b is the near miss; c and d have each other.
    assert held_out.recall(encode, groups, at=1) == 0.5
    assert held_out.accuracy(encode, groups) == 0.5

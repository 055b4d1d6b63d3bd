"""Adapters on the real model: what they change, their identity, and their errors."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from featdisc_assets import encoders
from featdisc_assets.encoders import local, side_by_side
from featdisc_assets.encoders.adapter import SUFFIX, adapter_of
from featdisc_assets.stages import embedding

TEXTS = ["Asks for a recipe", "Wants to know how to cook something, with a long explanation of what is in the fridge"]
OUTPUT = "5.output.dense"
BOTH_HALVES = torch.cat([torch.eye(384), torch.eye(384)])


def _file(folder: Path, tensors: dict[str, torch.Tensor]) -> str:
    file = folder / f"some{SUFFIX}"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return str(file)


def _changes(up: torch.Tensor) -> dict[str, torch.Tensor]:
    return {
        f"{OUTPUT}.weight.down": torch.randn(1, 1_536, generator=torch.Generator().manual_seed(0)),
        f"{OUTPUT}.weight.up": up,
        "projection": BOTH_HALVES,
    }


def test_an_adapter_that_changes_nothing_gives_the_plain_vectors(tmp_path: Path) -> None:
    file = _file(tmp_path, _changes(torch.zeros(384, 1)))
    plain = encoders.load(encoders.BUNDLED, backend="torch", precision="fp32").encode(TEXTS)
    for backend in ("torch", "openvino"):
        found = encoders.load(file, backend=backend, precision="fp32").encode(TEXTS)
        np.testing.assert_allclose(found, plain, atol=1e-4)


def test_a_change_of_one_weight_changes_half_of_the_vector() -> None:
    first_half = {"projection": torch.cat([torch.eye(384), torch.zeros(384, 384)])}
    second_half = {"projection": torch.cat([torch.zeros(384, 384), torch.eye(384)])}
    changes = _changes(torch.randn(384, 1, generator=torch.Generator().manual_seed(1)))
    plain = encoders.load(encoders.BUNDLED, backend="torch", precision="fp32").encode(TEXTS)
    cosines = []
    for half in (first_half, second_half):
        model = side_by_side.beside(local.bundled_model(), changes | half)
        cosines.append((model.encode(TEXTS, show_progress_bar=False) * plain).sum(axis=1).min())
    assert cosines[0] > 0.9999
    assert cosines[1] < 0.99


def test_the_encoder_of_behaviours_is_the_same_on_both_backends_and_sees_synonyms() -> None:
    texts = [text for pair in embedding.SYNONYMS for text in pair]
    fast = encoders.load(encoders.BEHAVIOURS, backend="openvino", precision="auto")
    slow = encoders.load(encoders.BEHAVIOURS, backend="torch", precision="fp32")
    vectors = fast.encode(texts)
    assert vectors.shape == (len(texts), 384)
    assert (vectors * slow.encode(texts)).sum(axis=1).min() > 0.99
    assert embedding.synonyms_nearer(vectors) >= 0.75


def test_the_identity_holds_the_revision_and_loads_the_same_encoder() -> None:
    model = encoders.load(encoders.BEHAVIOURS, backend="openvino", precision="auto")
    adapter = adapter_of(encoders.BEHAVIOURS)
    assert adapter is not None
    assert model.identity.startswith(f"{encoders.BEHAVIOURS}@{adapter.revision} openvino ")
    assert encoders.of_identity(model.identity) is model


def test_vectors_of_another_revision_are_refused_in_a_sentence() -> None:
    with pytest.raises(encoders.EncoderError, match=r"revision 00000000 .* and this is revision"):
        encoders.of_identity(f"{encoders.BEHAVIOURS}@00000000 openvino fp32")


def test_a_path_with_an_at_sign_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "me@work"
    folder.mkdir()
    name = _file(folder, _changes(torch.zeros(384, 1)))
    adapter = adapter_of(name)
    assert adapter is not None
    assert adapter.name == name
    assert adapter_of(adapter.identity) == adapter


NARROW = {f"{OUTPUT}.weight.down": torch.ones(1, 8), f"{OUTPUT}.weight.up": torch.ones(8, 1)}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"projection": BOTH_HALVES}, "no weights"),
        (_changes(torch.zeros(384, 1)) | {"9.output.dense.weight.down": torch.ones(1, 8)}, "9.output"),
        (NARROW | {"projection": BOTH_HALVES}, "shape"),
    ],
)
def test_a_file_that_is_no_adapter_is_refused_in_a_sentence(
    tmp_path: Path, tensors: dict[str, torch.Tensor], reason: str
) -> None:
    with pytest.raises(encoders.EncoderError, match=f"is no adapter of the bundled model .*{reason}"):
        encoders.load(_file(tmp_path, tensors), backend="torch", precision="fp32")


def test_a_missing_or_broken_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(encoders.EncoderError, match="cannot be read"):
        encoders.load(str(tmp_path / f"none{SUFFIX}"), backend="torch", precision="fp32")
    broken = tmp_path / f"broken{SUFFIX}"
    broken.write_text("no tensors", encoding="utf-8")
    with pytest.raises(encoders.EncoderError, match="is no adapter"):
        encoders.load(str(broken), backend="torch", precision="fp32")

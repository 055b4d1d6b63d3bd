"""The fast encoder against the plain one, on the real model."""

import numpy as np
import pytest

from featdisc_assets import encoders
from featdisc_assets.encoders import local
from featdisc_assets.stages import embedding

TEXTS = [text for pair in embedding.SYNONYMS for text in pair] + ["Répond en français", "使用中文回答", "A", "x " * 400]


def test_openvino_agrees_with_torch_and_sees_synonyms() -> None:
    fast = encoders.load(encoders.BUNDLED, backend="openvino", precision="auto")
    plain = encoders.load(encoders.BUNDLED, backend="torch", precision="fp32")
    vectors = fast.encode(TEXTS)
    cosines = (vectors * plain.encode(TEXTS)).sum(axis=1)
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.99
    assert fast.identity != plain.identity
    assert embedding.synonyms_nearer(vectors[: 2 * len(embedding.SYNONYMS)]) == 1.0
    assert vectors.tobytes() == fast.encode(TEXTS).tobytes()
    assert fast.encode([]).shape == plain.encode([]).shape == (0, 384)


def test_without_openvino_torch_does_it_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    model = local.load(encoders.BUNDLED, backend="auto", precision="auto")
    assert model.identity == "all-MiniLM-L6-v2 torch fp32"
    assert "openvino is not installed" in caplog.text
    with pytest.raises(encoders.EncoderError, match="pip install openvino"):
        local.load(encoders.BUNDLED, backend="openvino", precision="auto")


def test_an_encoder_that_is_nowhere_is_one_sentence() -> None:
    with pytest.raises(encoders.EncoderError, match="needs no download"):
        encoders.load("/nowhere/at/all", backend="auto", precision="auto")


def test_a_random_encoder_does_not_see_synonyms() -> None:
    vectors = np.random.default_rng(0).normal(size=(2 * len(embedding.SYNONYMS), 8)).astype(np.float32)
    assert embedding.synonyms_nearer(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)) < 0.5

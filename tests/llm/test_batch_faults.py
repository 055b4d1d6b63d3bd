"""Failures of whole batches and of the batch server: their cost and their messages."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path

import pytest
from aiohttp import web

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch import ask as batch_ask
from featdisc_assets.llm.faults import MachineFault, ModelError
from featdisc_assets.llm.request import Params
from tests.llm.asking import ask, rating, two_features
from tests.llm.batching import batches, ratings
from tests.loopback.server import Loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(answer=two_features) as server:
        yield server


@pytest.mark.parametrize("end", ["failed", "expired", "cancelled"])
def test_requests_without_a_result_are_asked_live(store: AnswerStore, server: Loopback, end: str) -> None:
    server.batches.ends = lambda number: end if number == 0 else "completed"
    requests = ratings(40, server)
    usage = batches(requests, store)
    left = 20 if end == "failed" else 10
    assert (usage.batches, usage.imported, usage.left) == (2, 40 - left, left)
    assert f"{left} of its 20 requests came back without a result" in usage.notes[0]
    assert {outcome.status for outcome in ask(requests, store)} == {"ok"}
    assert server.total == left
    assert server.batches.billed == 40 - left


def test_a_batch_refused_by_a_full_queue_waits_for_another(store: AnswerStore, server: Loopback) -> None:
    server.batches.polls = 8
    server.batches.ends = lambda number: "full"
    requests = ratings(60, server)
    usage = batches(requests, store)
    assert (usage.batches, usage.imported, usage.left, usage.notes) == (3, 60, 0, ())
    assert server.batches.requests["upload"] == 3
    assert set(server.batches.executed.values()) == {1}


def test_a_batch_that_never_fits_the_queue_stops_the_run(store: AnswerStore, server: Loopback) -> None:
    server.batches.ends = lambda number: "full_alone"
    requests = ratings(3, server)
    with pytest.raises(MachineFault, match=r"does not queue a batch of 3 requests.*smaller") as caught:
        batches(requests, store)
    assert caught.value.status == "rate_limited"
    server.batches.ends = lambda number: "completed"
    assert batches(requests, store).imported == 3


def test_a_batch_refused_for_its_model_stops_the_run(store: AnswerStore, server: Loopback) -> None:
    server.batches.ends = lambda number: "unknown_model"
    with pytest.raises(MachineFault, match=r"does not know the model.*not supported by the Batch API"):
        batches(ratings(3, server), store)


@pytest.mark.parametrize("endpoint", ["upload", "create", "retrieve"])
@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (401, "Incorrect API key provided: planted-0123456789-secret", "refused the key"),
        (429, "You exceeded your current quota, please check your plan", "no credit"),
        (400, "Unknown parameter: purpose", "rejected a batch of 3 requests"),
    ],
)
def test_a_machine_fault_stops_the_run_with_one_sentence(
    tmp_path: Path,
    server: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    code: int,
    message: str,
    expected: str,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-0123456789-secret")
    server.batches.hook = lambda name: _error(code, message) if name == endpoint else None
    requests = ratings(3, server)
    with AnswerStore(tmp_path / "answers.sqlite") as store, pytest.raises(MachineFault, match=expected) as caught:
        batches(requests, store)
    assert "planted" not in str(caught.value)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert isinstance(chain, MachineFault)  # the client's error contains the key
        chain = chain.__cause__ or chain.__context__
    assert ("which a later run collects: 1" in str(caught.value)) is (endpoint == "retrieve")
    assert not [path for path in tmp_path.iterdir() if b"planted" in path.read_bytes()]

    server.batches.hook = lambda name: None
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        batches(requests, store)
        assert {outcome.status for outcome in ask(requests, store)} == {"ok"}
    assert (server.total, server.batches.billed, len(server.batches.batches)) == (0, 3, 1)


def test_a_fault_between_two_ticks_stops_the_run(
    store: AnswerStore, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = batch_ask._Run._tick

    def slow_tick(run: batch_ask._Run) -> None:
        tick(run)
        futures.wait(run.batch_runs.values())

    monkeypatch.setattr(batch_ask._Run, "_tick", slow_tick)
    server.batches.hook = lambda name: _error(400, "Unknown parameter: purpose") if name == "create" else None
    with pytest.raises(MachineFault, match="rejected a batch of 3 requests"):
        batches(ratings(3, server), store)


def _error(code: int, message: str, **headers: str) -> web.Response:
    error = {"message": message, "type": "error", "param": None, "code": None}
    return web.json_response({"error": error}, status=code, headers=headers)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("anthropic/claude-sonnet-4-5", "anthropic has none; set mode: live"),
        ("gemini/gemini-2.5-flash", "gemini has none; set mode: live"),
        ("surface/v1", "surface has none; set mode: live"),
        ("openai/o1-pro", "it is not at /v1/chat/completions; set mode: live"),
        ("nonsense/x", "knows no provider"),
    ],
)
def test_a_model_without_batches_is_refused_before_anything_is_sent(
    store: AnswerStore, server: Loopback, monkeypatch: pytest.MonkeyPatch, model: str, expected: str
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "planted-0123456789-secret")
    request = dataclasses.replace(rating("a", server), model=model, params=Params())
    with pytest.raises(ModelError, match=expected):
        batches([request], store)
    assert server.batches.requests.total() == 0


def test_a_server_without_batches_is_refused(store: AnswerStore, server: Loopback) -> None:
    for endpoint in ("upload", "create"):
        server.batches.hook = lambda name, endpoint=endpoint: (  # type: ignore[misc]
            web.Response(status=404, text="404: Not Found") if name == endpoint else None
        )
        with pytest.raises(ModelError, match=r"has no batch API .* set mode: live"):
            batches(ratings(1, server), store)


def test_a_password_in_an_address_is_not_stored(store: AnswerStore, server: Loopback) -> None:
    request = rating("a", server)
    base = server.url.replace("://", "://me:planted@")
    secret = dataclasses.replace(request, params=dataclasses.replace(request.params, api_base=base))
    with pytest.raises(ModelError, match="holds a password"):
        batches([secret], store)


def _fail_first(
    names: Counter[str], endpoint: str, n: int, response: Callable[[], web.StreamResponse]
) -> Callable[[str], web.StreamResponse | None]:
    """A hook that answers the first `n` requests to an endpoint in its place, or after it has acted."""

    def hook(name: str) -> web.StreamResponse | None:
        if name != endpoint:
            return None
        names[name] += 1
        return response() if names[name] <= n else None

    return hook


@pytest.mark.parametrize("endpoint", ["upload", "uploaded", "create", "created", "retrieve", "list", "content", "half"])
@pytest.mark.parametrize(
    "fault",
    [
        "server_error",
        pytest.param("rate_limit", marks=pytest.mark.slow),
        pytest.param("html", marks=pytest.mark.slow),
        "html_200",
    ],
)
def test_a_passing_failure_costs_nothing(store: AnswerStore, server: Loopback, endpoint: str, fault: str) -> None:
    answer: dict[str, Callable[[], web.StreamResponse]] = {
        "server_error": lambda: _error(500, "The server had an error"),
        "rate_limit": lambda: _error(429, "Rate limit reached", **{"retry-after-ms": "5"}),
        "html": lambda: web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html"),
        "html_200": lambda: web.Response(text="<html>Sign in</html>", content_type="text/html"),
    }
    if endpoint == "content" and fault == "html_200":
        pytest.skip("a page in place of results is lines that are none")
    server.batches.hook = _fail_first(Counter(), endpoint, 2, answer[fault])
    requests = ratings(3, server)
    assert batches(requests, store).imported == 3
    assert set(server.batches.executed.values()) == {1}
    assert len(server.batches.batches) == 1 or (endpoint, fault) == ("created", "rate_limit")
    assert store.count_by_status() == {"answered": 3}


@pytest.mark.parametrize(("endpoint", "code"), [("retrieve", 404), ("content", 404), ("create", 400)])
def test_requests_of_a_batch_lost_by_the_server_are_asked_live(
    store: AnswerStore, server: Loopback, endpoint: str, code: int
) -> None:
    lost = lambda name: _error(code, "No such File object: file-in0") if name == endpoint else None  # noqa: E731
    server.batches.hook = lost
    requests = ratings(3, server)
    usage = batches(requests, store)
    assert (usage.imported, usage.left, usage.under_way) == (0, 3, 0)
    assert "does not know it any more" in usage.notes[0]
    assert {outcome.status for outcome in ask(requests, store)} == {"ok"}


def test_a_server_that_stays_down_stops_the_run(store: AnswerStore, server: Loopback) -> None:
    server.batches.hook = lambda name: _error(500, "down") if name == "retrieve" else None
    with pytest.raises(MachineFault, match=r"failed 20 times in a row.*not lost.*a later run collects: 1"):
        batches(ratings(3, server), store, poll_s=1e-6)
    server.batches.hook = lambda name: None
    assert batches(ratings(3, server), store).imported == 3

"""Direct dispatch against `litellm.acompletion`: equal requests, answers and results, one HTTP request each."""

import asyncio
import gzip
import json
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from aiohttp import web

from featdisc_assets.llm import codec, dispatch, faults, providers
from featdisc_assets.llm.answers import FeatureList
from featdisc_assets.llm.background import background_loop
from featdisc_assets.llm.faults import AttemptResult
from featdisc_assets.llm.request import Params, Request
from tests.llm.asking import rating, two_features
from tests.loopback.faults import FAULTS, Answer
from tests.loopback.server import Loopback

T = TypeVar("T")


def on_the_loop(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine on the background loop, to which connections belong."""
    return asyncio.run_coroutine_threadsafe(work, background_loop()).result(60)


@pytest.fixture(autouse=True)
def fresh_litellm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Litellm as it is before the first call, with keys for all providers."""
    for name in ("OPENAI", "ANTHROPIC", "GEMINI", "DEEPSEEK", "GROQ", "MISTRAL", "XAI", "OPENROUTER", "CEREBRAS"):
        monkeypatch.setenv(f"{name}_API_KEY", "planted-key-123456")
    for name in (dispatch._HTTP_SWITCH, "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(dispatch, "_supported", None)
    yield
    os.environ.pop(dispatch._HTTP_SWITCH, None)
    dispatch._supported = None


async def by_acompletion(request: Request, timeout_s: float) -> Any:  # noqa: ANN401
    """Call `litellm.acompletion` with the same arguments, without the switch that direct dispatch sets."""
    route = providers.check_model(request.model, request.params.api_base)
    switch = os.environ.pop(dispatch._HTTP_SWITCH, None)
    how = {"timeout": timeout_s, "num_retries": 0, "max_retries": 0, "drop_params": True, "api_key": route.api_key}
    try:
        given = codec.encode(request, route) | how | {"api_base": request.params.api_base}
        return await providers.load_litellm().acompletion(**given)
    finally:
        if switch:
            os.environ[dispatch._HTTP_SWITCH] = switch


async def by_direct_dispatch(request: Request, timeout_s: float) -> Any:  # noqa: ANN401
    route = providers.check_model(request.model, request.params.api_base)
    return await codec.send(request, route, codec.encode(request, route), timeout_s)


async def outcome(way: Any, request: Request, timeout_s: float = 20.0) -> tuple[AttemptResult, Any]:  # noqa: ANN401
    """The result of an attempt, and its ledger row."""
    route = providers.check_model(request.model, request.params.api_base)
    try:
        response = await way(request, timeout_s)
    except Exception as error:
        return faults.classify(error), None
    result = codec.classify(response)
    return result, codec.to_attempt(request, route, result, response, 0.0)


async def _unreadable(request: web.Request, answer: Answer) -> web.StreamResponse:
    return web.Response(text="<html>Please log in</html>", content_type="text/html")


async def _cut(request: web.Request, answer: Answer) -> web.StreamResponse:
    return web.Response(text=json.dumps(answer)[:40], content_type="application/json")


async def _refused_in_200(request: web.Request, answer: Answer) -> web.StreamResponse:
    return web.json_response({"error": {"message": "upstream is overloaded", "code": 503}})


async def _bare_429(request: web.Request, answer: Answer) -> web.StreamResponse:
    return web.Response(status=429, text="slow down", headers={"Retry-After": "3"})


async def _misleading_429(request: web.Request, answer: Answer) -> web.StreamResponse:
    error = {"message": "slow down", "type": "invalid_request_error", "code": "rate_limit"}
    return web.json_response({"error": error}, status=429)


async def _zipped(request: web.Request, answer: Answer) -> web.StreamResponse:
    body = gzip.compress(json.dumps(answer).encode())
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


MORE = {
    "unreadable": _unreadable,
    "cut": _cut,
    "refused_in_200": _refused_in_200,
    "bare_429": _bare_429,
    "misleading_429": _misleading_429,
    "zipped": _zipped,
}


@pytest.mark.parametrize("fault", [None, *FAULTS, *MORE])
def test_faults_are_classified_alike(fault: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, extra in MORE.items():
        monkeypatch.setitem(FAULTS, name, extra)
    timeout_s = 0.5 if fault in ("stall", "stalled_body") else 20.0
    with Loopback(plan=lambda number, prompt: fault, answer=two_features) as server:
        request = rating("a", server)
        short, short_row = on_the_loop(outcome(by_direct_dispatch, request, timeout_s))
        assert server.total == 1
        plain, plain_row = on_the_loop(outcome(by_acompletion, request, timeout_s))
        assert server.total == 2
    assert dispatch._supported
    assert (short.status, short.retry_after_s) == (plain.status, plain.retry_after_s)
    if short.status not in ("connection", "server_error"):  # where direct dispatch gives more details of the cause
        assert (short, short_row) == (plain, plain_row)


# Providers' answers, by a part of the path.
_TEXT = '{"features": ["Asks"]}'
_USAGE = {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}
_ANSWERS: dict[str, dict[str, Any]] = {
    "/messages": {
        **{"id": "m", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn"},
        "content": [{"type": "text", "text": _TEXT}],
        "usage": {"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 2},
    },
    "generateContent": {
        "candidates": [{"content": {"parts": [{"text": _TEXT}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 6, "totalTokenCount": 11},
    },
    "/api/chat": {
        **{"model": "llama", "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop"},
        **{"message": {"role": "assistant", "content": _TEXT}, "prompt_eval_count": 5, "eval_count": 6},
    },
    "/completions": {
        **{"id": "c", "object": "chat.completion", "created": 1, "model": "served", "service_tier": "default"},
        "usage": _USAGE,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": _TEXT}}],
    },
}
_LIMIT = {"error": {"type": "rate_limit_error", "status": "RESOURCE_EXHAUSTED", "code": 429, "message": "slow down"}}


class AnyProvider:
    """A server that answers in the format of any provider, and keeps the requests.

    Args:
        mood: What it does instead of answering: `reset` or `limit`.
        together: The number of requests to wait for before it answers any.
    """

    def __init__(self, mood: str = "", together: int = 1) -> None:
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.mood, self.together = mood, together
        self._are_there = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer, refuse or reset, depending on `mood`."""
        self.seen.append((request.path_qs, _relevant(request.headers), await request.json()))
        if len(self.seen) >= self.together:
            self._are_there.set()
        await self._are_there.wait()
        if self.mood == "reset" and request.transport is not None:
            request.transport.abort()
        if self.mood == "limit":
            return web.json_response(_LIMIT, status=429, headers={"Retry-After": "2"})
        return web.json_response(next(body for part, body in _ANSWERS.items() if part in request.path))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen; yields the address."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()


def _relevant(headers: Any) -> dict[str, str]:  # noqa: ANN401
    # Headers that identify the client and its library are not part of the request.
    idle = ("user-agent", "accept", "accept-encoding", "connection", "host", "content-length")
    found = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in found.items() if name not in idle and not name.startswith("x-stainless")}


def asking(model: str, api_base: str, **params: Any) -> Request:  # noqa: ANN401
    return Request("rate", "a", model, "v", "Some prompt {x} é", FeatureList, Params(api_base=api_base, **params))


async def by_both(server: AnyProvider, model: str, path: str, **params: Any) -> list[tuple[AttemptResult, Any]]:  # noqa: ANN401
    async with server.listening() as address:
        request = asking(model, address + path, **params)
        return [await outcome(by_direct_dispatch, request), await outcome(by_acompletion, request)]


_OPENAI_HOW: list[dict[str, Any]] = [
    {},
    {"temperature": 0.2, "max_tokens": 77},
    {"mode": "MD_JSON"},
    {"extra": (("seed", 3), ("stop", ["x"]), ("top_k", 5), ("extra_body", {"guided": 1}))},
    {"extra": (("extra_headers", {"X-Team": "ours"}),)},
]


@pytest.mark.parametrize(
    ("model", "path", "params"),
    [
        *(("openai/some", "/v1", how) for how in _OPENAI_HOW),
        ("openai/gpt-5-mini", "/v1", {"temperature": 0.5, "extra": (("reasoning_effort", "low"),)}),
        ("anthropic/claude-sonnet-4-5", "", {}),
        ("gemini/gemini-2.5-flash", "", {}),
        ("hosted_vllm/some", "/v1", {}),
        ("deepseek/deepseek-chat", "/v1", {}),
        ("groq/llama-3.3-70b-versatile", "/v1", {}),
        ("mistral/mistral-small-latest", "/v1", {}),
        ("xai/grok-4", "/v1", {}),
        ("openrouter/openai/gpt-4o-mini", "/v1", {}),
        ("ollama_chat/llama3.1", "", {}),
        ("cerebras/some", "/v1", {}),  # one of those that use litellm's own client
    ],
)
def test_requests_and_answers_are_equal(
    model: str, path: str, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    server = AnyProvider()
    short, plain = on_the_loop(by_both(server, model, path, **params))
    assert short == plain
    assert short[0].status == faults.ANSWERED
    assert len(server.seen) == 2
    assert server.seen[0] == server.seen[1]


@pytest.mark.parametrize("model", ["openai/some", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"])
def test_a_lost_connection_is_reported_and_not_retried(model: str) -> None:
    server = AnyProvider("reset")
    short, _ = on_the_loop(by_both(server, model, "/v1"))
    assert (short[0].status, len(server.seen)) == ("connection", 2)


@pytest.mark.parametrize("model", ["openai/some", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"])
def test_retry_after_is_read(model: str) -> None:
    server = AnyProvider("limit")
    short, plain = on_the_loop(by_both(server, model, "/v1"))
    assert short == plain
    assert (short[0].status, short[0].retry_after_s) == ("rate_limited", 2.0)


def test_a_refused_connection_is_a_connection_failure() -> None:
    result, _ = on_the_loop(outcome(by_direct_dispatch, asking("openai/some", "http://127.0.0.1:1/v1")))
    assert result.status == "connection"
    assert "127.0.0.1:1" in result.error


def test_connections_are_not_limited() -> None:
    server = AnyProvider(together=150)

    async def all_at_once() -> list[tuple[AttemptResult, Any]]:
        async with server.listening() as address:
            request = asking("openai/some", f"{address}/v1")
            return await asyncio.gather(*[outcome(by_direct_dispatch, request, 60.0) for _ in range(150)])

    assert {result.status for result, _ in on_the_loop(all_at_once())} == {faults.ANSWERED}
    assert len(server.seen) == 150


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from featdisc_assets.llm import http_client

    with Loopback(answer=two_features) as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "")
        http_client._proxy.cache_clear()
        result, _ = on_the_loop(outcome(by_direct_dispatch, asking("openai/some", "http://elsewhere.test/v1")))
        assert (result.status, server.total) == (faults.ANSWERED, 1)
    http_client._proxy.cache_clear()


@pytest.mark.parametrize("lost", [TypeError("unexpected keyword"), AttributeError("no such function")])
def test_a_litellm_without_direct_dispatch_uses_acompletion(
    lost: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def completion(**_: object) -> None:
        raise lost

    monkeypatch.setattr(providers.load_litellm(), "completion", completion)
    with Loopback(answer=two_features) as server, caplog.at_level(logging.WARNING, logger=dispatch.__name__):
        for _ in range(3):
            result, _row = on_the_loop(outcome(by_direct_dispatch, rating("a", server)))
            assert result.status == faults.ANSWERED
        assert server.total == 3
    assert [record.levelname for record in caplog.records if record.name == dispatch.__name__] == ["WARNING"]
    assert dispatch._HTTP_SWITCH not in os.environ


def test_the_switch_is_removed_for_other_providers() -> None:
    with Loopback(answer=two_features) as server:
        for model, switched in (("openai/a", True), ("lm_studio/a", False), ("openai/a", False)):
            result, _ = on_the_loop(outcome(by_direct_dispatch, asking(model, server.url)))
            assert (result.status, dispatch._HTTP_SWITCH in os.environ) == (faults.ANSWERED, switched)
        assert server.total == 3

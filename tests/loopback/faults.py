"""Faults of real providers: each answers one request."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Answer = dict[str, Any]  # the body of an ordinary chat completion
Fault = Callable[[web.Request, Answer], Awaitable[web.StreamResponse]]


def _error(status: int, message: str, code: str, kind: str = "invalid_request_error", **headers: str) -> Fault:
    async def fault(request: web.Request, answer: Answer) -> web.StreamResponse:
        body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
        return web.json_response(body, status=status, headers=headers)

    return fault


def _edited(edit: Callable[[Answer, dict[str, Any]], None]) -> Fault:
    async def fault(request: web.Request, answer: Answer) -> web.StreamResponse:
        edit(answer, answer["choices"][0])
        return web.json_response(answer)

    return fault


def _content(change: Callable[[str], str | None], finish: str = "stop") -> Fault:
    def edit(answer: Answer, choice: dict[str, Any]) -> None:
        choice["message"]["content"] = change(choice["message"]["content"])
        choice["finish_reason"] = finish

    return _edited(edit)


async def _html(request: web.Request, answer: Answer) -> web.StreamResponse:
    return web.Response(status=502, text="<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")


async def _stall(request: web.Request, answer: Answer) -> web.StreamResponse:
    await asyncio.sleep(30)  # longer than any test's timeout, so the client disconnects first
    return web.json_response(answer)


async def _stalled_body(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = await _half(request, answer)
    await asyncio.sleep(30)
    return response


async def _reset(request: web.Request, answer: Answer) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _reset_in_body(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = await _half(request, answer)
    if request.transport is not None:
        request.transport.abort()
    return response


async def _half(request: web.Request, answer: Answer) -> web.StreamResponse:
    body = json.dumps(answer).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return response


async def _auth(request: web.Request, answer: Answer) -> web.StreamResponse:
    # Some servers repeat the key in full.
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    error = {
        "message": f"Incorrect API key provided: {key}",
        "type": "invalid_request_error",
        "code": "invalid_api_key",
    }
    return web.json_response({"error": error}, status=401)


def _refusal(answer: Answer, choice: dict[str, Any]) -> None:
    choice["message"] = {"role": "assistant", "content": None, "refusal": "I can't help with describing that."}


def _no_choices(answer: Answer, choice: dict[str, Any]) -> None:
    answer["choices"] = []


def _no_usage(answer: Answer, choice: dict[str, Any]) -> None:
    del answer["usage"]


_WAIT = "Rate limit reached, please slow down"
FAULTS: dict[str, Fault] = {
    "rate_limit": _error(429, _WAIT, "rate_limit_exceeded", "requests", **{"Retry-After": "0.2"}),
    "rate_limit_ms": _error(429, _WAIT, "rate_limit_exceeded", "requests", **{"retry-after-ms": "50"}),
    "rate_limit_bare": _error(429, _WAIT, "rate_limit_exceeded", "requests"),
    "server_error": _error(500, "The server had an error", "server_error", "server_error"),
    "overloaded": _error(503, "The engine is overloaded", "overloaded", "server_error"),
    "html": _html,
    "stall": _stall,
    "stalled_body": _stalled_body,
    "reset": _reset,
    "reset_in_body": _reset_in_body,
    "empty": _content(lambda text: ""),
    "no_choices": _edited(_no_choices),
    "no_usage": _edited(_no_usage),
    "fenced": _content(lambda text: f"```json\n{text}\n```"),
    "prose": _content(lambda text: f"Here are the features you asked for: {text} I hope they help!"),
    "thoughts_first": _content(lambda text: f"<think>The user {{seems}} to want a list.</think>\n{text}"),
    "broken_json": _content(lambda text: text[:-2]),
    "wrong_schema": _content(lambda text: '{"tags": [1, 2]}'),
    "truncated": _content(lambda text: text[: len(text) // 2], finish="length"),
    "thoughts_only": _content(lambda text: "", finish="length"),
    "refusal": _edited(_refusal),
    "refusal_in_prose": _content(lambda text: "I'm sorry, but I can't help with that."),
    "content_filter": _content(lambda text: None, finish="content_filter"),
    "prompt_filter": _error(400, "The response was filtered by content management policy", "content_filter"),
    "context_length": _error(400, "This model's maximum context length is 8192 tokens", "context_length_exceeded"),
    "bad_request": _error(400, "Unrecognized request argument supplied: verbosity", "unknown_parameter"),
    "auth": _auth,
    "quota": _error(429, "You exceeded your current quota, please check your plan", "insufficient_quota"),
    "unknown_model": _error(404, "The model `nope` does not exist or you do not have access", "model_not_found"),
}

"""An OpenAI-compatible server on 127.0.0.1: real HTTP, rule-based answers, planned faults, and a bill.

with Loopback() as server:
    Params(api_base=server.url)     # the model: openai/loopback
    ...
    assert server.requests["rate"] == 12
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.llm.surface_model import answer_by_rules
from featdisc_assets.llm.tokens import count_tokens
from tests.loopback.batches import Batches
from tests.loopback.embeddings import Embeddings
from tests.loopback.faults import FAULTS
from tests.loopback.limiter import Limiter

MODEL = "openai/loopback"
# From the number of the request (from 0) and its prompt to the name of a fault, or None for an ordinary answer.
Plan = Callable[[int, str], str | None]


def in_turn(*faults: str | None) -> Plan:
    """A plan of faults for the first requests, in order; ordinary answers after."""
    return lambda number, prompt: faults[number] if number < len(faults) else None


_NO_FAULTS = in_turn()


class Loopback:
    """The server, running in a thread between `with` and its end.

    Attributes:
        requests: HTTP requests received, by purpose.
        faults: Faults injected, by name.
        tokens_in: Tokens of the prompts of all 200 answers: what a provider would bill.
        tokens_out: Tokens of those answers.
        bodies: The JSON of every request, when `keep`.
        most_in_flight: The largest number of requests held at a time.
        batches: The batch endpoints.
        embeddings: The embedding endpoint.

    Args:
        latency_s: Seconds before each answer.
        plan: Which requests fail, and how.
        answer: The text of an ordinary answer to a prompt; by default the rules of `surface/v1`.
        keep: Whether to keep the requests' bodies.
        limiter: The rate limits, before any fault; none by default.
    """

    def __init__(
        self,
        *,
        latency_s: float = 0.0,
        plan: Plan = _NO_FAULTS,
        answer: Callable[[str], str] = answer_by_rules,
        keep: bool = False,
        limiter: Limiter | None = None,
    ) -> None:
        self.latency_s, self.plan, self.answer, self.keep = latency_s, plan, answer, keep
        self.requests: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.tokens_in = self.tokens_out = self.most_in_flight = self._in_flight = 0
        self.bodies: list[dict[str, Any]] = []
        self.batches = Batches(self)
        self.embeddings = Embeddings()
        self.limiter = limiter
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)
        self._port = 0

    @property
    def url(self) -> str:
        """The address to give as `api_base`."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def total(self) -> int:
        """HTTP requests received."""
        return self.requests.total()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the loopback server did not start within 10 s")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=256 * 2**20)
        app.router.add_post("/v1/chat/completions", self._complete)
        self.batches.add_to(app)
        self.embeddings.add_to(app)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self._port = runner.addresses[0][1]
        self._ready.set()
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()  # answers delayed by a fault
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """The ordinary answer to a chat completion."""
        prompt = "\n".join(str(message["content"]) for message in body["messages"])
        return _completion(body, prompt, self.answer(prompt))

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            return await self._answer(request)
        finally:
            self._in_flight -= 1
            if self.limiter is not None:
                self.limiter.let_go(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        prompt = "\n".join(str(message["content"]) for message in body["messages"])
        number = self.total
        self.requests[_purpose(prompt)] += 1
        if self.keep:
            self.bodies.append(body)
        if self.limiter is not None and (refusal := self.limiter.turn_away(request, prompt)) is not None:
            return refusal
        fault = self.plan(number, prompt)
        await asyncio.sleep(self.latency_s)
        text = self.answer(prompt)
        answer = _completion(body, prompt, text)
        if fault is None:
            response: web.StreamResponse = web.json_response(answer)
        else:
            self.faults[fault] += 1
            response = await FAULTS[fault](request, answer)
        # A provider bills every complete answer, whether the client can use it or not.
        if response.status == 200 and isinstance(response, web.Response) and fault != "reset":
            self.tokens_in += answer.get("usage", {}).get("prompt_tokens", 0)
            self.tokens_out += answer.get("usage", {}).get("completion_tokens", 0)
            if self.limiter is not None:
                self.limiter.bill(request, answer.get("usage", {}).get("completion_tokens", 0))
        return response


def _purpose(prompt: str) -> str:
    names = open_fence(prompt).keys()
    for task, fence in {"judge": "phrases", "codebook": "codebook", "verify": "feature"}.items():
        if fence in names:
            return task
    if {"clusters", "neighbours"} <= names:
        return "parent"
    return "name" if "features" in names else "interest" if "clusters" in names else "rate" if names else "other"


def _completion(body: dict[str, Any], prompt: str, text: str) -> dict[str, Any]:
    tokens_in, tokens_out = count_tokens(prompt), count_tokens(text)
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": f"{body['model']}-2026-11-22",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }

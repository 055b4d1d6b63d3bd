"""The embedding endpoint of the test server: deterministic vectors, planned faults, and a bill.

Its answers have the shape of OpenAI's, in an order that is not that of the texts.
"""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from aiohttp import web

from featdisc_assets.llm.tokens import count_tokens
from tests.loopback.faults import FAULTS

WIDTH = 48
Answer = dict[str, Any]


def vector_of(text: str, width: int = WIDTH) -> npt.NDArray[np.float32]:
    """The server's vector of a text, of unit length; texts that share words are near."""
    total = np.zeros(width)
    for word in text.lower().split() or [""]:
        seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
        total += np.random.default_rng(seed).normal(size=width)
    return (total / np.linalg.norm(total)).astype(np.float32)


def _rows(edit: Callable[[list[dict[str, Any]]], object]) -> Callable[[Answer], object]:
    return lambda answer: edit(answer["data"])


def _zero(rows: list[dict[str, Any]]) -> None:
    rows[0]["embedding"] = [0.0] * WIDTH


def _nan(rows: list[dict[str, Any]]) -> None:
    rows[-1]["embedding"] = [float("nan")] * WIDTH


def _narrow(rows: list[dict[str, Any]]) -> None:
    if len(rows) > 1:  # a single vector would be one of another model
        rows[0]["embedding"] = rows[0]["embedding"][:-1]


def _twice(rows: list[dict[str, Any]]) -> None:
    rows[0]["index"] = rows[-1]["index"]


def _no_usage(answer: Answer) -> None:
    del answer["usage"]


# Answers with status 200; all but the last cannot be used.
EDITS: dict[str, Callable[[Answer], object]] = {
    "one_missing": _rows(lambda rows: rows.pop()),
    "zero": _rows(_zero),
    "not_a_number": _rows(_nan),
    "one_narrow": _rows(_narrow),
    "index_twice": _rows(_twice),
    "no_usage": _no_usage,
}


@dataclass
class Embeddings:
    """The endpoint's behaviour and its requests.

    Attributes:
        plan: From the number of the request (from 0) to a fault, of `FAULTS` or `EDITS`.
        of_text: From a text to the fault of every request that holds it.
        most_texts: A request with more is rejected.
        width: Of a vector where none is asked for.
        obeys_dimensions: Whether what is asked for is given.
        latency_s: Seconds before each answer.
        as_base64: Whether vectors are sent so, whatever is asked; None sends what is asked.
        knows_base64: Whether a request that asks for it is not rejected.
        requests: Requests received.
        billed: How often each text was answered.
        tokens: Billed.
        bodies: The JSON of every request.
        keys: The keys that came with them.
    """

    plan: Callable[[int], str | None] = lambda number: None
    of_text: Callable[[str], str | None] = lambda text: None
    most_texts: int = 2048
    width: int = WIDTH
    obeys_dimensions: bool = True
    latency_s: float = 0.0
    as_base64: bool | None = None
    knows_base64: bool = True
    requests: int = 0
    billed: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_post("/v1/embeddings", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        number, self.requests = self.requests, self.requests + 1
        self.bodies.append(body)
        self.keys.add(request.headers.get("Authorization", ""))
        texts: list[str] = body["input"]
        fault = next(filter(None, map(self.of_text, texts)), None) or self.plan(number)
        if len(texts) > self.most_texts or not (self.knows_base64 or body.get("encoding_format") is None):
            fault = "bad_request"
        await asyncio.sleep(self.latency_s)
        answer = self._vectors(body, texts)
        if fault is not None and fault not in EDITS:
            return await FAULTS[fault](request, answer)
        if fault is not None:
            EDITS[fault](answer)
        # A provider bills every complete answer, whether the client can use it or not.
        self.billed.update(texts)
        self.tokens += answer.get("usage", {}).get("prompt_tokens", 0)
        return web.Response(text=json.dumps(answer), content_type="application/json")

    def _vectors(self, body: dict[str, Any], texts: list[str]) -> Answer:
        width = int(body.get("dimensions") or self.width) if self.obeys_dimensions else self.width
        rows = [
            # Twice the unit length, to check that it is normalised.
            {"object": "embedding", "index": index, "embedding": self._written(2 * vector_of(text, width), body)}
            for index, text in enumerate(texts)
        ]
        tokens = sum(map(count_tokens, texts))
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "model": f"{body['model']}-served", "data": rows[::-1], "usage": usage}

    def _written(self, vector: npt.NDArray[np.float32], body: dict[str, Any]) -> list[float] | str:
        asked = body.get("encoding_format") == "base64"
        if asked if self.as_base64 is None else self.as_base64:
            return base64.b64encode(vector.astype("<f4").tobytes()).decode()
        return [float(number) for number in vector]

"""The request and the answer shared by the tests of asking."""

import json
from collections.abc import Iterable
from typing import Any

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import FeatureList
from featdisc_assets.llm.ask import ask_all
from featdisc_assets.llm.gate import Limits
from featdisc_assets.llm.prompts import fence, load
from featdisc_assets.llm.request import Outcome, Params, Request
from tests.loopback.server import MODEL, Loopback

FEATURES = ["Asks for a strict word limit", "Writes in a hurry"]


def two_features(prompt: str) -> str:
    """The test server's answer to any piece."""
    return json.dumps({"features": FEATURES})


def rating(subject_id: str, server: Loopback, **params: Any) -> Request:  # noqa: ANN401
    """A request to rate a piece that contains its id."""
    prompt = load("rate", "user")
    piece = fence("user", f"This is piece {subject_id}.", "salt")
    text = prompt.render(piece=piece, at_least=10, at_most=20)
    how = Params(api_base=server.url, **params)
    return Request("rate", subject_id, MODEL, prompt.version, text, FeatureList, how)


def ask(
    requests: Iterable[Request],
    store: AnswerStore,
    *,
    max_concurrency: int = 32,
    **how: Any,  # noqa: ANN401
) -> list[Outcome]:
    """All outcomes, with short waits."""
    usual: dict[str, Any] = {"timeout_s": 20.0, "max_attempts": 3, "limits": quick(max_concurrency)}
    return list(ask_all(requests, store=store, **(usual | how)))


def quick(max_concurrency: int) -> Limits:
    """Limits with short waits."""
    return Limits(max_concurrency=max_concurrency, backoff_s=0.01)


def statuses(store: AnswerStore, request: Request) -> list[str]:
    """The statuses of a request's attempts, oldest first."""
    return [attempt.status for attempt in store.lookup([request.key]).get(request.key, [])]

"""The one piece, the one prompt and the one answer that the tests of asking go by."""

import json
from collections.abc import Iterable
from typing import Any

from featdisc_assets.llm.answers import FeatureList
from featdisc_assets.llm.ask import ask_all
from featdisc_assets.llm.prompts import fence, load
from featdisc_assets.llm.request import Outcome, Params, Request
from featdisc_assets.llm.store import AnswerStore
from tests.loopback.server import MODEL, Loopback

FEATURES = ["Asks for a strict word limit", "Writes in a hurry"]


def two_features(prompt: str) -> str:
    """What the test server says to any piece."""
    return json.dumps({"features": FEATURES})


def rating(subject_id: str, server: Loopback, **params: Any) -> Request:  # noqa: ANN401
    """A request to rate the piece that says its own id."""
    prompt = load("rate", "user")
    piece = fence("user", f"This is piece {subject_id}.", "salt")
    text = prompt.render(piece=piece, at_least=10, at_most=20)
    how = Params(api_base=server.url, **params)
    return Request("rate", subject_id, MODEL, prompt.version, text, FeatureList, how)


def ask(requests: Iterable[Request], store: AnswerStore, **how: Any) -> list[Outcome]:  # noqa: ANN401
    """All outcomes, with waits short enough for a test."""
    return list(ask_all(requests, store=store, **({"timeout_s": 20.0, "backoff_s": 0.01, "max_attempts": 3} | how)))


def statuses(store: AnswerStore, request: Request) -> list[str]:
    """The statuses of a request's attempts, in order."""
    return [attempt.status for attempt in store.lookup([request.key]).get(request.key, [])]

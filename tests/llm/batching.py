"""Helpers of the tests of batches."""

from collections.abc import Iterable
from typing import Any

from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch.ask import BatchUsage, ask_in_batches
from featdisc_assets.llm.request import Request
from tests.llm.asking import rating
from tests.loopback.server import Loopback


def batches(requests: Iterable[Request], store: AnswerStore, **how: Any) -> BatchUsage:  # noqa: ANN401
    """A pass with short waits."""
    return ask_in_batches(requests, store=store, **({"poll_s": 0.01, "max_requests": 20} | how))


def ratings(n: int, server: Loopback, **params: Any) -> list[Request]:  # noqa: ANN401
    """Requests that differ only in their piece."""
    return [rating(f"no. {number}", server, **params) for number in range(n)]


class Killed(BaseException):
    """Ends a pass at some step, as a kill would."""

"""The results of a batch: one line each, judged by the rules of answers that were asked for one by one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from featdisc_assets.llm import codec, faults, providers
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import Batch, BatchStore, Sent
from featdisc_assets.llm.codec import Completion
from featdisc_assets.llm.faults import AttemptResult

# Results judged and stored at a time.
_BLOCK = 200
# Never put to the model: nothing to keep, the ordinary path asks.
_NOT_ASKED = ("batch_expired", "batch_cancelled")


class _RowError(Exception):
    """A failed row in the form that `faults.classify` reads."""

    def __init__(self, message: str, status_code: int | None) -> None:
        super().__init__(message)
        self.status_code = status_code


@dataclass(frozen=True, slots=True)
class Result:
    """One result: the key of its request, the result on it, and the response if there was one."""

    key: str
    outcome: AttemptResult
    response: Completion = None


@dataclass(slots=True)
class Counts:
    """What came of one batch so far.

    Attributes:
        completed: Requests answered, as the provider counts.
        failed: Requests failed, as the provider counts.
        imported: Results now among the answers.
        left: Requests without a result, once the batch has ended.
        unreadable: Lines that were no results.
        tokens_in: Tokens sent, as reported with the results.
        tokens_out: Tokens received.
        cost_usd: Dollars for them.
    """

    completed: int = 0
    failed: int = 0
    imported: int = 0
    left: int = 0
    unreadable: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


async def import_file(file_id: str, batch: Batch, api: BatchApi, batches: BatchStore, counts: Counts) -> None:
    """Store a file's results, a block at a time as they arrive; those that are in already are passed over."""
    counts.unreadable = 0
    block: list[bytes] = []
    async for line in api.lines(file_id):
        block.append(line)
        if len(block) == _BLOCK:
            _import(block, batch, api, batches, counts)
            block.clear()
            await asyncio.sleep(0)  # the other batches, and other runs' calls
    _import(block, batch, api, batches, counts)


def _import(lines: Sequence[bytes], batch: Batch, api: BatchApi, batches: BatchStore, counts: Counts) -> None:
    results: dict[str, Result] = {}
    for line in lines:
        try:
            result = parse(line)
        except ValueError:
            counts.unreadable += 1
            continue
        if result is not None:
            results.setdefault(result.key, result)
    awaited = batches.awaited(batch, list(results))
    rows = [to_attempt(results[key], sent, batch, api.route.provider) for key, sent in awaited.items()]
    for row in batches.import_results(batch, rows):
        counts.imported += 1
        counts.tokens_in += row.tokens_in or 0
        counts.tokens_out += row.tokens_out or 0
        counts.cost_usd += row.cost_usd or 0.0


def parse(line: bytes) -> Result | None:
    """The result in a line; None for a request that was never put to the model.

    So it is with rejected ones too: were it for a parameter, all would fail for good. The ordinary path asks them, at
    no cost, and stops when it sees that all are rejected.

    Raises:
        ValueError: If the line is no result at all.
    """
    row: dict[str, Any] = orjson.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("custom_id"), str):
        raise ValueError("the line holds no custom_id")
    key = row["custom_id"]
    error, response = row.get("error"), row.get("response")
    if error:
        if error.get("code") in _NOT_ASKED:
            return None
        message = f"{error.get('code')}: {error.get('message')}"
        if error.get("code") == "request_timeout":
            return Result(key, AttemptResult("timeout", faults.excerpt(message)))
        return Result(key, faults.classify(_RowError(message, None)))
    if not isinstance(response, dict):
        raise ValueError("the line holds neither a response nor an error")
    if response.get("status_code") != 200:
        result = faults.classify(_RowError(_error_message(response.get("body")), response.get("status_code")))
        return None if result.status == "rejected" else Result(key, result)
    body = response.get("body") or {}
    if not isinstance(body, dict):
        raise ValueError("the body of the response is no object")
    completion = providers.load_litellm().ModelResponse(**body)
    return Result(key, codec.classify(completion), completion)


def _error_message(body: object) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return f"{error.get('code')}: {error.get('message')}" if isinstance(error, dict) else str(body)


def to_attempt(result: Result, sent: Sent, batch: Batch, provider: str) -> Attempt:
    """The ledger's row of a result, at the price of batches; it has no latency."""
    row = Attempt(
        request_key=sent.request_key,
        purpose=sent.purpose,
        subject_id=sent.subject_id,
        model=batch.model,
        prompt_version=sent.prompt_version,
        provider=f"{provider} (batch)",
        status=result.outcome.status,
        error=result.outcome.error or None,
    )
    if result.response is not None:
        codec.add_response(row, result.response, batch.price)
    return row

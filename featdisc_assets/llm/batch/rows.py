"""The results of a batch: one line each, classified by the rules of live answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from featdisc_assets.llm import codec, faults, providers
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import Batch, BatchStore, Sent
from featdisc_assets.llm.batch.batch_usage import Counts
from featdisc_assets.llm.codec import Completion
from featdisc_assets.llm.faults import AttemptResult

# Results stored in one transaction.
_BLOCK = 200
# The model was not asked: there is nothing to store, and a live call will ask.
_NOT_ASKED = ("batch_expired", "batch_cancelled")


class _RowError(Exception):
    """A failed row in the form that `faults.classify` reads."""

    def __init__(self, message: str, status_code: int | None) -> None:
        super().__init__(message)
        self.status_code = status_code


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the key of its request, its result, and the response if there was one."""

    key: str
    result: AttemptResult
    response: Completion = None


async def import_file(file_id: str, batch: Batch, api: BatchApi, batches: BatchStore, counts: Counts) -> None:
    """Store a file's results, a block at a time as they arrive; those imported before are skipped."""
    block: list[bytes] = []
    async for line in api.lines(file_id):
        block.append(line)
        if len(block) == _BLOCK:
            _import(block, batch, api, batches, counts)
            block.clear()
            await asyncio.sleep(0)  # lets other batches and calls run
    _import(block, batch, api, batches, counts)


def _import(lines: Sequence[bytes], batch: Batch, api: BatchApi, batches: BatchStore, counts: Counts) -> None:
    parsed: dict[str, Row] = {}
    for line in lines:
        try:
            row = parse(line)
        except ValueError:
            continue  # the request stays without a result
        if row is not None:
            parsed.setdefault(row.key, row)
    awaited = batches.awaited(batch, list(parsed))
    attempts = [to_attempt(parsed[key], sent, batch, api.route.provider) for key, sent in awaited.items()]
    for attempt in batches.import_results(batch, attempts):
        counts.imported += 1
        counts.tokens_in += attempt.tokens_in or 0
        counts.tokens_out += attempt.tokens_out or 0
        counts.cost_usd += attempt.cost_usd or 0.0


def parse(line: bytes) -> Row | None:
    """Parse a line; None for a request that the model was not asked, or that was rejected.

    A wrong parameter rejects all requests of a batch. Live calls ask for them again, at no cost, and stop if all are
    rejected.

    Raises:
        ValueError: If the line is not a result.
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
            return Row(key, AttemptResult("timeout", faults.excerpt(message)))
        return Row(key, faults.classify(_RowError(message, None)))
    if not isinstance(response, dict):
        raise ValueError("the line holds neither a response nor an error")
    if response.get("status_code") != 200:
        result = faults.classify(_RowError(_error_message(response.get("body")), response.get("status_code")))
        return None if result.status == "rejected" else Row(key, result)
    body = response.get("body") or {}
    if not isinstance(body, dict):
        raise ValueError("the body of the response is no object")
    completion = providers.load_litellm().ModelResponse(**body)
    return Row(key, codec.classify(completion), completion)


def _error_message(body: object) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return f"{error.get('code')}: {error.get('message')}" if isinstance(error, dict) else str(body)


def to_attempt(row: Row, sent: Sent, batch: Batch, provider: str) -> Attempt:
    """The ledger row of a result, at the price of batches and without a latency."""
    attempt = Attempt(
        request_key=sent.request_key,
        purpose=sent.purpose,
        subject_id=sent.subject_id,
        model=batch.model,
        prompt_version=sent.prompt_version,
        provider=f"{provider} (batch)",
        status=row.result.status,
        error=row.result.error or None,
    )
    if row.response is not None:
        codec.add_response(attempt, row.response, batch.price)
    return attempt

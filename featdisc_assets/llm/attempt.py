"""One metered HTTP request: reserve its cost → wait for the gate → send → store the ledger row → bill.

Chat requests and embeddings pass it alike. There are no retries here, and none in litellm or its client.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from featdisc_assets.llm import faults
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.budget import Budget, reservation
from featdisc_assets.llm.faults import AttemptResult, MachineFault
from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.usage import Usage


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and how to read its response.

    Attributes:
        send: Sends it and returns the response.
        classify: The result of a response.
        store: Stores the ledger row, from the result, the response (None after an exception) and milliseconds.
        price: The model's price, None if unknown.
        max_cost_usd: The highest cost in dollars.
        prompt_tokens: Estimated tokens sent.
        expected_tokens: Estimated tokens sent and received.
    """

    send: Callable[[], Awaitable[Any]]
    classify: Callable[[Any], AttemptResult]
    store: Callable[[AttemptResult, Any, float], Attempt]
    price: Price | None
    max_cost_usd: float
    prompt_tokens: int
    expected_tokens: int


@dataclass(frozen=True, slots=True)
class MeteredClient:
    """Sends requests within one run's rates and budget.

    Attributes:
        gate: What every request waits for.
        budget: What every request is paid from, if there is a cap.
        usage: Where requests are counted.
        timeout_s: Seconds that a request may take.
    """

    gate: Gate
    budget: Budget | None
    usage: Usage
    timeout_s: float

    async def attempt(self, exchange: Exchange, *, is_retry: bool) -> tuple[Attempt, AttemptResult, Any]:
        """Send a request once; returns its ledger row, its result, and the response (None after an exception).

        Raises:
            MachineFault: If the budget cannot pay it, or as `send` raises it.
        """
        expected = exchange.expected_tokens
        async with (
            reservation(self.budget, exchange.max_cost_usd) as reserved,
            self.gate.slot(expected, is_retry=is_retry),
        ):
            reserved.paid_usd = reserved.usd  # from here on it may be billed, even if we are cancelled
            attempt, result, response = await self._send(exchange)
            # An overloaded server that says how long to wait also needs fewer calls.
            throttled = result.status == "rate_limited" or (
                result.status == "server_error" and result.retry_after_s is not None
            )
            self.gate.record(throttled=throttled, wait_s=result.retry_after_s, expected=expected, used=_used(attempt))
            reserved.paid_usd = self.usage.bill(attempt, exchange.prompt_tokens, exchange.price)
            return attempt, result, response

    async def _send(self, exchange: Exchange) -> tuple[Attempt, AttemptResult, Any]:
        response = None
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await exchange.send()
            result = exchange.classify(response)
        except MachineFault:
            raise
        except Exception as error:
            result = faults.classify(error)
        # Stored first, so that a paid answer survives a kill.
        return exchange.store(result, response, (time.perf_counter() - started) * 1000), result, response


def _used(attempt: Attempt) -> int | None:
    """Tokens that count towards a limit a minute, None if unknown."""
    if attempt.tokens_in is not None:
        return attempt.tokens_in + (attempt.tokens_out or 0)
    return 0 if attempt.status == "rate_limited" else None

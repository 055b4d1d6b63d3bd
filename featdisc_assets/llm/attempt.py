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

    async def attempt(
        self,
        send: Callable[[], Awaitable[Any]],
        classify: Callable[[Any], AttemptResult],
        store: Callable[[AttemptResult, Any, float], Attempt],
        *,
        price: Price | None,
        max_cost_usd: float,
        prompt_tokens: int,
        expected_tokens: int,
        is_retry: bool,
    ) -> tuple[Attempt, AttemptResult, Any]:
        """Send a request once; returns its ledger row, its result, and the response (None after an exception).

        Args:
            send: Sends the request and returns the response.
            classify: Returns the result of a response.
            store: Stores the ledger row, from the result, the response and milliseconds.
            price: The model's price, None if unknown.
            max_cost_usd: The highest cost in dollars.
            prompt_tokens: Estimated tokens sent.
            expected_tokens: Estimated tokens sent and received.
            is_retry: Whether the call has been attempted before.

        Raises:
            MachineFault: If the budget cannot pay it, or as `send` raises it.
        """
        async with (
            reservation(self.budget, max_cost_usd) as reserved,
            self.gate.slot(expected_tokens, is_retry=is_retry),
        ):
            reserved.paid_usd = reserved.usd  # from here on it may be billed, even if we are cancelled
            response, started = None, time.perf_counter()
            try:
                async with asyncio.timeout(self.timeout_s):
                    response = await send()
                result = classify(response)
            except MachineFault:
                raise
            except Exception as error:
                result = faults.classify(error)
            # Stored first, so that a paid answer survives a kill.
            attempt = store(result, response, (time.perf_counter() - started) * 1000)
            # An overloaded server that says how long to wait also needs fewer calls.
            wait_s, is_overloaded = result.retry_after_s, result.status == "server_error"
            throttled = result.status == "rate_limited" or (is_overloaded and wait_s is not None)
            self.gate.record(throttled=throttled, wait_s=wait_s, expected=expected_tokens, used=_used(attempt))
            reserved.paid_usd = self.usage.bill(attempt, prompt_tokens, price)
            return attempt, result, response


def _used(attempt: Attempt) -> int | None:
    """Tokens that count towards a limit a minute, None if unknown."""
    if attempt.tokens_in is not None:
        return attempt.tokens_in + (attempt.tokens_out or 0)
    return 0 if attempt.status == "rate_limited" else None

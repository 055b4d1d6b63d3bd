"""The meter: every HTTP attempt passes it, instructor's re-asks included.

It sits below instructor and above litellm: answer store → budget → gate → litellm → stored before it is validated.
All retries happen here; litellm's and the client's own are 0. So the ledger holds what was billed, and a killed run
loses at most what was in flight.

Instructor forms the requests (once for an answer class and mode: `codec.encode`) and asks again where an answer cannot be
read. An answer that can be read does not come by it: walking each one through it costs more than all the rest here.
"""

import asyncio
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.llm import codec, faults, pricing, reask
from featdisc_assets.llm.answer_store import AnswerStore, Attempt
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.circuit_breaker import CircuitBreaker
from featdisc_assets.llm.codec import Completion
from featdisc_assets.llm.faults import AttemptResult, CallFailedError, MachineFault
from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.parse import parse_answer
from featdisc_assets.llm.providers import Route
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.llm.usage import Usage

# A call turned away by a rate limit waits rather than give up: so many times the attempts of other failures.
_THROTTLED_FACTOR = 4


@dataclass
class Call:
    """One request on its way: what of it is stored, and what came of it so far."""

    request: Request
    route: Route
    meter: "Meter"
    replay: list[Attempt] = field(default_factory=list)
    enlarged: bool = False
    failures: int = 0
    throttled: int = 0
    repaired: bool = False
    received: list[Attempt] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        """True once anything came of it: what is begun is ended first."""
        return bool(self.received or self.replay or self.enlarged or self.throttled or self.failures)

    @property
    def mode(self) -> str:
        """The instructor mode it is asked in."""
        return self.request.params.mode or self.route.dialect.mode


class Meter:
    """Asks models on behalf of one run.

    Args:
        store: Where every attempt goes.
        gate: What every attempt waits for.
        max_attempts: Attempts a request at most for passing failures; four times as many for rate limits.
        timeout_s: Seconds an attempt may take.
        budget: What every attempt is paid from.

    Attributes:
        usage: What was sent and billed so far.
    """

    def __init__(
        self, store: AnswerStore, *, gate: Gate, max_attempts: int, timeout_s: float, budget: Budget | None = None
    ) -> None:
        self.store = store
        self.gate = gate
        self.max_attempts = max_attempts
        self.timeout_s = timeout_s
        self.budget = budget
        self.usage = Usage()
        self._breaker = CircuitBreaker()

    async def ask(self, request: Request, route: Route, known: Sequence[Attempt] = ()) -> Outcome:
        """Ask until there is an answer or a final failure.

        Args:
            request: What to ask.
            route: Where the model is, from `check_model`.
            known: Its stored attempts: unjudged answers are judged first, and a truncated one is asked again with a
                larger limit.

        Raises:
            MachineFault: If the failure would befall every request.
        """
        call = Call(request, route, self, *_resume(known))
        try:
            value = None if call.replay else await self._ask_once(call)
            if value is None:
                value = await reask.answer(request, call.mode, functools.partial(self._reply, call))
        except CallFailedError as end:
            return self._give_up(call, end)
        return self._accept(call, value)

    async def _ask_once(self, call: Call) -> Answer | None:
        """The answer to the request, None if it cannot be read."""
        attempt, _ = await self._receive(call, codec.encode(call.request, call.route))
        value, repaired = parse_answer(attempt.raw or "", call.request.answer)
        if value is None:
            call.replay.append(attempt)
        else:
            call.received.append(attempt)
            self._note_repair(call, repaired)
        return value

    def _accept(self, call: Call, value: Answer) -> Outcome:
        self._breaker.record_answer()
        *earlier, final = call.received
        for attempt in earlier:
            self.store.set_status(attempt, "invalid", "asked again for readable JSON")
        status = "repaired" if earlier or call.repaired else "ok"
        if value.n_items < call.request.at_least:
            status = "too_few"
        self.store.set_status(final, status)
        return Outcome(call.request, status, value)

    def _give_up(self, call: Call, end: CallFailedError) -> Outcome:
        for attempt in call.received:
            self.store.set_status(attempt, "invalid", end.error)
        if count := self._breaker.record_failure(end.status):
            raise self._stop(call, end.status, end.error, count) from None
        return Outcome(call.request, end.status, error=end.error)

    async def _reply(self, call: Call, given: dict[str, Any]) -> Completion:
        """What instructor gets for what it would send: a stored answer first, then metered asking."""
        if call.replay:
            attempt = call.replay.pop(0)
            response = codec.decode_stored(attempt)
        else:
            attempt, response = await self._receive(call, codec.apply_dialect(given, call.route.dialect))
        call.received.append(attempt)
        self._note_repair(call, codec.strip_to_json(response))
        return response

    @staticmethod
    def _note_repair(call: Call, repaired: bool) -> None:
        # Prompts that carry the schema themselves invite a code fence: no fault of the answer then.
        call.repaired |= repaired and call.mode == "JSON_SCHEMA"

    async def _receive(self, call: Call, given: dict[str, Any]) -> tuple[Attempt, Completion]:
        """Ask until an answer is received, whatever it says.

        Raises:
            CallFailedError: If the call has failed for good, or for now.
            MachineFault: If every further call would fail alike.
        """
        while True:
            if call.enlarged:
                given = given | {"max_tokens": pricing.larger_limit(call.request.model, call.request.params.max_tokens)}
            attempt, response = await self._attempt(call, given)
            status, error = attempt.status, attempt.error or ""
            if status == faults.ANSWERED:
                return attempt, response
            if status in faults.MACHINE:
                raise self._stop(call, status, error)
            if self._breaker.record_attempt(status):
                raise self._stop(call, status, error, self.usage.requests)
            if status == "truncated" and not call.enlarged:
                call.enlarged = True
                continue
            await self._go_on(call, status, error)

    async def _go_on(self, call: Call, status: str, error: str) -> None:
        """Wait before the next attempt, if there is to be one."""
        if status == "rate_limited":
            call.throttled += 1
            if call.throttled >= _THROTTLED_FACTOR * self.max_attempts:
                raise CallFailedError(status, error)
            # The gate holds everyone back after a rate limit: no need for this one to wait long by itself.
            await self.gate.back_off(min(call.throttled, 3))
            return
        call.failures += 1
        if status not in faults.PASSING or call.failures >= self.max_attempts:
            raise CallFailedError(status, error)
        await self.gate.back_off(call.failures)

    @staticmethod
    def _stop(call: Call, status: str, error: str, count: int = 0) -> MachineFault:
        server = call.request.params.api_base or call.route.provider
        return MachineFault(status, faults.advice(status, call.request.model, server, error, count))

    async def _attempt(self, call: Call, given: dict[str, Any]) -> tuple[Attempt, Any]:
        """Send one HTTP request and store what came of it."""
        request = call.request
        price = pricing.price(request.model, request.params.price)
        expected = self.usage.expected_tokens(request.prompt)
        reserved = await self._reserve(request, given, price)
        paid = 0.0
        try:
            async with self.gate.slot(expected, is_retry=call.is_under_way):
                paid = reserved  # from here on it may be billed, whatever happens to us
                attempt, response, wait_s = await self._exchange(call, given)
                # A server that is overloaded and says for how long wants fewer calls too.
                throttled = attempt.status == "rate_limited" or (
                    attempt.status == "server_error" and wait_s is not None
                )
                self.gate.record(throttled=throttled, wait_s=wait_s, expected=expected, used=_used(attempt))
                paid = self.usage.bill(attempt, request.prompt, price)
                return attempt, response
        finally:
            if self.budget is not None:
                self.budget.settle(reserved, paid)

    async def _reserve(self, request: Request, given: dict[str, Any], price: pricing.Price | None) -> float:
        if self.budget is None:
            return 0.0
        if price is None:
            raise MachineFault(
                "budget",
                f"the price of {request.model!r} is not known, so that a budget cannot be kept; "
                "give rating_plan its price_in and price_out, or take budget_usd away",
            )
        sent = "\n".join(str(message["content"]) for message in given["messages"])
        most = pricing.max_cost(sent, given["max_tokens"], price)
        await self.budget.reserve(most)
        return most

    async def _exchange(self, call: Call, given: dict[str, Any]) -> tuple[Attempt, Any, float | None]:
        response, result = None, AttemptResult(faults.ANSWERED, "")
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await codec.send(call.request, call.route, given, self.timeout_s)
            result = codec.classify(response)
        except MachineFault:
            raise
        except Exception as error:
            result = faults.classify(error)
        attempt = codec.to_attempt(call.request, call.route, result, response, (time.perf_counter() - started) * 1000)
        # Before anything is made of the answer: a paid one must outlive us.
        return self.store.put(attempt), response, result.retry_after_s


def _used(attempt: Attempt) -> int | None:
    """Tokens that count towards a limit a minute, None if unknown."""
    if attempt.tokens_in is not None:
        return attempt.tokens_in + (attempt.tokens_out or 0)
    return 0 if attempt.status == "rate_limited" else None


def _resume(known: Sequence[Attempt]) -> tuple[list[Attempt], bool]:
    unjudged = [attempt for attempt in known if attempt.status == faults.ANSWERED]
    return unjudged, any(attempt.status == "truncated" for attempt in known)

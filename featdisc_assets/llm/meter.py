"""Asking a model until it answers: below instructor and above litellm, with all retries in one place.

An attempt goes answer store → budget → gate → litellm, and is stored before it is validated. litellm's own retries and
its client's are 0. So the ledger holds what was billed, and a killed run loses at most the calls in flight.

instructor shapes the requests (once for each answer class and mode, see `codec.encode`) and re-asks for an answer that
cannot be parsed. A parseable answer skips instructor, which costs more time than all the rest here.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.llm import codec, faults, pricing, reask
from featdisc_assets.llm.answer_store import AnswerStore, Attempt
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.attempt import MeteredClient
from featdisc_assets.llm.budget import Budget, unknown_price
from featdisc_assets.llm.circuit_breaker import CircuitBreaker
from featdisc_assets.llm.codec import Completion
from featdisc_assets.llm.faults import CallFailedError, MachineFault
from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.parse import parse_answer
from featdisc_assets.llm.providers import Route
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.llm.retry_policy import THROTTLED_FACTOR, Retries
from featdisc_assets.llm.tokens import count_tokens, expected_tokens
from featdisc_assets.llm.usage import Usage


@dataclass
class Call:
    """One request on its way: its stored answers to reuse, and its attempts so far."""

    request: Request
    route: Route
    replay: list[Attempt] = field(default_factory=list)
    enlarged: bool = False
    retries: Retries = field(default_factory=Retries)
    repaired: bool = False
    received: list[Attempt] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        """True after the first attempt: calls that have begun go first."""
        retries = self.retries
        return bool(self.received or self.replay or self.enlarged or retries.throttled or retries.failures)

    @property
    def mode(self) -> str:
        """The instructor mode it is asked in."""
        return self.request.params.mode or self.route.dialect.mode

    def note_repair(self, repaired: bool) -> None:
        """Count an answer that had to be stripped to its JSON."""
        # Prompts that contain the schema invite a code fence, so there it is not a flaw of the answer.
        self.repaired |= repaired and self.mode == "JSON_SCHEMA"


class Meter:
    """Asks models on behalf of one run.

    Args:
        store: Where every attempt is stored.
        gate: What every attempt waits for.
        max_attempts: Attempts at a request that fails for a passing reason; four times as many for rate limits.
        timeout_s: Seconds that an attempt may take.
        budget: What every attempt is paid from.

    Attributes:
        usage: What was sent and billed so far.
    """

    def __init__(
        self, store: AnswerStore, *, gate: Gate, max_attempts: int, timeout_s: float, budget: Budget | None = None
    ) -> None:
        self.store = store
        self.gate = gate
        self.budget = budget
        self.usage = Usage()
        self._max_attempts = max_attempts
        self._client = MeteredClient(gate, budget, self.usage, timeout_s)
        self._breaker = CircuitBreaker()

    async def ask(self, request: Request, route: Route, known: Sequence[Attempt] = ()) -> Outcome:
        """Ask until there is an answer or a final failure.

        Args:
            request: What to ask.
            route: Where the model is, from `check_model`.
            known: Its stored attempts: answers without a final status are parsed first, and a truncated one is asked
                again with a larger limit.

        Raises:
            MachineFault: If every further request would fail alike.
        """
        unparsed = [attempt for attempt in known if attempt.status == faults.ANSWERED]
        call = Call(request, route, unparsed, any(attempt.status == "truncated" for attempt in known))
        try:
            value = None if call.replay else await self._ask_once(call)
            if value is None:
                value = await reask.answer(request, call.mode, functools.partial(self._reply, call))
        except CallFailedError as end:
            return self._give_up(call, end)
        return self._accept(call, value)

    async def _ask_once(self, call: Call) -> Answer | None:
        """The answer to the request, None if it cannot be parsed."""
        attempt, _ = await self._receive(call, codec.encode(call.request, call.route))
        value, repaired = parse_answer(attempt.raw or "", call.request.answer)
        if value is None:
            call.replay.append(attempt)
        else:
            call.received.append(attempt)
            call.note_repair(repaired)
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
        """The response to what instructor would send: a stored answer if there is one, else from the model."""
        if call.replay:
            attempt = call.replay.pop(0)
            response = codec.decode_stored(attempt)
        else:
            attempt, response = await self._receive(call, codec.apply_dialect(given, call.route.dialect))
        call.received.append(attempt)
        call.note_repair(codec.strip_to_json(response))
        return response

    async def _receive(self, call: Call, given: dict[str, Any]) -> tuple[Attempt, Completion]:
        """Send a request until an answer of any content is received.

        Raises:
            CallFailedError: If the call has failed, for good or for now.
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
            if not call.retries.allows(status, self._attempts_after(status)):
                raise CallFailedError(status, error)
            await self.gate.back_off(call.retries.backoff_step(status))

    def _attempts_after(self, status: str) -> int:
        if status == "rate_limited":
            return THROTTLED_FACTOR * self._max_attempts
        return self._max_attempts if status in faults.PASSING else 0

    @staticmethod
    def _stop(call: Call, status: str, error: str, count: int = 0) -> MachineFault:
        server = call.request.params.api_base or call.route.provider
        return faults.machine_fault(status, call.request.model, server, error, count)

    async def _attempt(self, call: Call, given: dict[str, Any]) -> tuple[Attempt, Completion]:
        request, route = call.request, call.route
        price = pricing.price(request.model, request.params.price)
        prompt_tokens = count_tokens(request.prompt)
        attempt, _, response = await self._client.attempt(
            functools.partial(codec.send, request, route, given, self._client.timeout_s),
            codec.classify,
            lambda *received: self.store.put(codec.to_attempt(request, route, *received)),
            price=price,
            max_cost_usd=self._max_cost(request, given, price),
            prompt_tokens=prompt_tokens,
            expected_tokens=expected_tokens(prompt_tokens, self.usage.answer_tokens()),
            is_retry=call.is_under_way,
        )
        return attempt, response

    def _max_cost(self, request: Request, given: dict[str, Any], price: pricing.Price | None) -> float:
        if self.budget is None:
            return 0.0
        if price is None:
            raise unknown_price(request.model)
        return pricing.max_cost(codec.text_of(given), given["max_tokens"], price)

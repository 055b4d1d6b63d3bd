"""The meter: every HTTP attempt passes it, instructor's re-asks included.

It sits below instructor and above litellm: answer store → gate → litellm → stored before it is
validated. All retries happen here; litellm's and the client's own are 0. So the ledger holds what was billed, and a
killed run loses at most what was in flight.
"""

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from featdisc_assets.llm import faults, pricing, reading, wire
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.faults import CallFailedError, MachineFault, Verdict
from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.providers import Route
from featdisc_assets.llm.request import Outcome, Request
from featdisc_assets.llm.store import AnswerStore, Attempt
from featdisc_assets.llm.wire import Completion

if TYPE_CHECKING:
    from instructor import AsyncInstructor


@dataclass
class Call:
    """One request on its way: what of it is stored, and what came of it so far."""

    request: Request
    route: Route
    meter: "Meter"
    replay: list[Attempt] = field(default_factory=list)
    enlarged: bool = False
    failures: int = 0
    mended: bool = False
    received: list[Attempt] = field(default_factory=list)

    @property
    def mode(self) -> str:
        """The instructor mode it is asked in."""
        return self.request.params.mode or self.route.wire.mode


class Meter:
    """Asks models on behalf of one run.

    Args:
        store: Where every attempt goes.
        gate: What every attempt waits for.
        max_attempts: Attempts a request at most for passing failures.
        timeout_s: Seconds an attempt may take.
        admit: Called with each request before it is sent; may raise `MachineFault` to stop the run (a budget does).
    """

    def __init__(
        self,
        store: AnswerStore,
        *,
        gate: Gate,
        max_attempts: int,
        timeout_s: float,
        admit: Callable[[Request], None] | None = None,
    ) -> None:
        self.store = store
        self.gate = gate
        self.max_attempts = max_attempts
        self.timeout_s = timeout_s
        self.admit = admit
        self._answers = 0
        self._hopeless: dict[str, int] = {}

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
        params = request.params
        given = dict(params.extra)
        if params.temperature is not None:
            given["temperature"] = params.temperature
        try:
            value = await _client(call.mode).create(
                response_model=_prepared(request.answer),
                messages=[{"role": "user", "content": request.prompt}],
                model=request.model,
                max_tokens=params.max_tokens,
                max_retries=1,  # one re-ask after an answer that cannot be read
                strict=False,
                call=call,
                **given,
            )
        except Exception as error:
            # Neither the exception nor its chain goes on: instructor's holds all that was sent.
            end = _cause(error)
            if isinstance(end, MachineFault):
                raise end from None
            if not isinstance(end, CallFailedError):
                if not _is_unreadable(end):
                    raise end from None
                end = CallFailedError("invalid", reading.complaint(end))
            self._give_up(call, end)
            return Outcome(request, end.status, error=end.error)
        # Our own class again, without the response that instructor hangs on its answers.
        fields = {name: getattr(value, name) for name in value.model_fields_set}
        return self._accept(call, request.answer.model_construct(**fields))

    def _accept(self, call: Call, value: Answer) -> Outcome:
        self._answers += 1
        *earlier, final = call.received
        for attempt in earlier:
            self.store.settle(attempt, "invalid", "asked again for readable JSON")
        status = "repaired" if earlier or call.mended else "ok"
        if value.n_items < call.request.at_least:
            status = "too_few"
        self.store.settle(final, status)
        return Outcome(call.request, status, value)

    def _give_up(self, call: Call, end: CallFailedError) -> None:
        for attempt in call.received:
            self.store.settle(attempt, "invalid", end.error)
        if self._answers or end.status not in ("rejected", "connection"):
            return
        self._hopeless[end.status] = self._hopeless.get(end.status, 0) + 1
        if self._hopeless[end.status] >= faults.HOPELESS:
            raise self._stop(call, end.status, end.error)

    async def acompletion(self, call: Call, **given: object) -> Completion:
        """Litellm's `acompletion` for instructor: metered, retried, and never the same call twice.

        Raises:
            CallFailedError: If the call has failed for good, or for now.
            MachineFault: If every further call would fail alike.
        """
        if call.replay:
            attempt = call.replay.pop(0)
            call.received.append(attempt)
            return self._mended(wire.restored(attempt), call)
        while True:
            if call.enlarged:
                given["max_tokens"] = pricing.larger_limit(call.request.model, call.request.params.max_tokens)
            attempt, response, wait = await self._attempt(call, given)
            status, error = attempt.status, attempt.error or ""
            if status == faults.ANSWERED:
                call.received.append(attempt)
                return self._mended(response, call)
            if status in faults.MACHINE:
                raise self._stop(call, status, error)
            if status == "truncated" and not call.enlarged:
                call.enlarged = True
                continue
            call.failures += 1
            if status not in faults.PASSING or call.failures >= self.max_attempts:
                raise CallFailedError(status, error)
            if wait is not None:
                self.gate.pause(wait)
            else:
                await self.gate.back_off(call.failures)

    @staticmethod
    def _stop(call: Call, status: str, error: str) -> MachineFault:
        server = call.request.params.api_base or call.route.provider
        return MachineFault(status, faults.advice(status, call.request.model, server, error))

    @staticmethod
    def _mended(response: Completion, call: Call) -> Completion:
        changed = wire.mend(response)
        # Prompts that carry the schema themselves invite a code fence: no fault of the answer then.
        call.mended |= changed and call.mode == "JSON_SCHEMA"
        return response

    async def _attempt(self, call: Call, given: dict[str, Any]) -> tuple[Attempt, Any, float | None]:
        """Send one HTTP request and store what came of it."""
        response, verdict = None, Verdict(faults.ANSWERED, "")
        async with self.gate.slot():
            if self.admit is not None:
                self.admit(call.request)
            started = time.perf_counter()
            try:
                async with asyncio.timeout(self.timeout_s):
                    response = await wire.send(call.request, call.route, given, self.timeout_s)
                verdict = wire.look(response)
            except MachineFault:
                raise
            except Exception as error:
                verdict = faults.judge(error)
            attempt = wire.row(call.request, call.route, verdict, response, (time.perf_counter() - started) * 1000)
            # Before anything is made of the answer: a paid one must outlive us.
            return self.store.put(attempt), response, verdict.retry_after_s


async def _metered(*, call: Call, **given: object) -> Completion:
    return await call.meter.acompletion(call, **given)


@functools.cache
def _client(mode: str) -> "AsyncInstructor":
    import instructor  # noqa: PLC0415  (slow, and of no use to a run whose answers are all known)

    # Its error lines repeat provider messages, which may hold a key or a piece.
    logging.getLogger("instructor").setLevel(logging.CRITICAL)
    return instructor.from_litellm(_metered, mode=instructor.Mode[mode], async_client=True)


@functools.cache
def _prepared(answer: type[Answer]) -> type[Answer]:
    """The answer class as instructor would wrap it anew on every call."""
    from instructor.v2.core.response_model import prepare_response_model  # noqa: PLC0415

    return prepare_response_model(answer) or answer


def _is_unreadable(error: BaseException) -> bool:
    # pydantic's and json's errors are ValueErrors; instructor has some of its own.
    return isinstance(error, ValueError) or type(error).__module__.startswith("instructor.")


def _resume(known: Sequence[Attempt]) -> tuple[list[Attempt], bool]:
    unjudged = [attempt for attempt in known if attempt.status == faults.ANSWERED]
    return unjudged, any(attempt.status == "truncated" for attempt in known)


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None and not isinstance(error, CallFailedError | MachineFault):
        error = error.__cause__
    return error

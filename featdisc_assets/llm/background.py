"""The background side of a run: one event loop in its own thread, for synchronous callers such as assets.

The loop lives as long as the program: HTTP connections belong to the loop that opened them, so a loop per run would
open new ones. It also works if a loop already runs in the caller's thread (a notebook, a test).
"""

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Sequence
from typing import TypeAlias

from featdisc_assets.llm import providers
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.faults import MachineFault
from featdisc_assets.llm.leases import Leases
from featdisc_assets.llm.lookup import resolve, shorter_form
from featdisc_assets.llm.meter import Meter
from featdisc_assets.llm.request import Outcome, Request

# Seconds that calls in flight get to end when a run stops early: they are paid already.
_DRAIN_S = 10.0
# How often a run renews its leases, and reads what other runs on its home have spent.
_HEARTBEAT_S = 10.0

Pending: TypeAlias = concurrent.futures.Future[Outcome]

_guard = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def background_loop() -> asyncio.AbstractEventLoop:
    """The program's background loop, started on the first call."""
    global _loop  # noqa: PLW0603  (one per program)
    with _guard:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="featdisc-llm", daemon=True).start()
        return _loop


def _forget() -> None:
    global _loop, _guard
    # A forked child has the loop's memory but not its thread; the next call starts a new one.
    _loop, _guard = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


class Asker:
    """The requests of one run that are being asked: a task each, all stopped together.

    Args:
        meter: Asks them.
        leases: The run's leases, renewed until `close`.
        retry_failed: Whether to ask again for a shorter form that has failed for good.

    Attributes:
        fault: What stopped the run, if anything did.
    """

    def __init__(self, meter: Meter, leases: Leases | None, *, retry_failed: bool) -> None:
        providers.load_litellm()  # before the timeout of any call starts
        self.fault: MachineFault | None = None
        self._meter = meter
        self._leases = leases
        self._retry_failed = retry_failed
        self._loop = background_loop()
        self._routes: dict[tuple[str, str | None], providers.Route] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[Pending] = set()
        self._heartbeats = asyncio.run_coroutine_threadsafe(self._send_heartbeats(), self._loop)

    def submit(self, request: Request, attempts: Sequence[Attempt]) -> Pending:
        """Start asking a request; its stored attempts are used first.

        Raises:
            ModelError: If its model cannot be asked.
        """
        where = (request.model, request.params.api_base)
        if where not in self._routes:
            self._routes[where] = providers.check_model(*where)
        pending = Pending()
        self._loop.call_soon_threadsafe(self._start, request, attempts, pending)
        return pending

    def _start(self, request: Request, attempts: Sequence[Attempt], pending: Pending) -> None:
        task = self._loop.create_task(self._answer(request, attempts, pending))
        self._tasks.add(task)
        self._open.add(pending)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Request, attempts: Sequence[Attempt], pending: Pending) -> None:
        route = self._routes[request.model, request.params.api_base]
        try:
            outcome = await self._meter.ask(request, route, attempts)
            while (shorter := shorter_form(outcome)) is not None:
                outcome = await self._ask_shorter(shorter, route)
        except Exception as error:
            if isinstance(error, MachineFault):
                self.fault = self.fault or error
                self._meter.gate.close()
            for waiting in list(self._open) if self.fault else [pending]:
                self._resolve(waiting, self.fault or error)
        else:
            self._resolve(pending, outcome)

    async def _ask_shorter(self, request: Request, route: providers.Route) -> Outcome:
        store = self._meter.store
        stored = store.lookup([request.key]).get(request.key, [])
        outcome, form, attempts = resolve(store, request, stored, retry_failed=self._retry_failed)
        return outcome or await self._meter.ask(form, route, attempts)

    async def _send_heartbeats(self) -> None:
        while self._leases is not None:
            await asyncio.sleep(_HEARTBEAT_S)
            others = self._leases.heartbeat()
            if others and self._meter.budget is not None:
                # They spend from the same budget.
                self._meter.budget.update_spent(self._meter.store.spent_usd())

    def _resolve(self, pending: Pending, result: Outcome | Exception) -> None:
        self._open.discard(pending)
        if pending.done():
            return
        if isinstance(result, Outcome):
            pending.set_result(result)
        else:
            pending.set_exception(result)

    def close(self) -> None:
        """Stop all tasks: waiting calls are dropped, calls in flight get ten seconds to end."""
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()

    async def _finish(self) -> None:
        self._heartbeats.cancel()
        if not self._tasks:
            return
        gate = self._meter.gate
        gate.close()
        until = self._loop.time() + _DRAIN_S
        while gate.in_flight and self._loop.time() < until:
            await asyncio.sleep(0.02)
        # One more turn of the loop, in which the last answers are validated.
        await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

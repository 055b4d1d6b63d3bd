"""The spending cap in dollars: the highest cost of a call is reserved before it is sent, so the cap always holds."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from featdisc_assets.llm.faults import MachineFault

# Amounts are whole millionths of a millionth of a dollar: sums of floats drift, and the last cent must be exact.
_UNITS = 10**12


class Budget:
    """Dollars that may be spent, over all runs of a home.

    Reservations are served in order. Spent and reserved dollars together never exceed the limit, unless a call costs
    more than was reserved for it. For one event loop, which need not run yet when the budget is made.

    Args:
        limit_usd: The cap.
        spent_usd: Dollars spent before.
    """

    def __init__(self, limit_usd: float, *, spent_usd: float = 0.0) -> None:
        self._limit = _to_units("budget_usd", limit_usd)
        self._spent = _to_units("spent_usd", spent_usd)
        self._reserved = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def limit_usd(self) -> float:
        """The cap."""
        return self._limit / _UNITS

    @property
    def spent_usd(self) -> float:
        """Dollars spent, before this run and in it."""
        return self._spent / _UNITS

    @property
    def reserved_usd(self) -> float:
        """Dollars reserved for calls in flight."""
        return self._reserved / _UNITS

    async def reserve(self, usd: float) -> None:
        """Reserve dollars for a call, waiting while others hold them; `settle` must follow.

        A call that costs nothing never waits. If the remaining budget is too small even with nothing in flight, the
        reservation fails together with all that wait, but only after the calls in flight have ended.

        Raises:
            MachineFault: If the remaining budget cannot pay it.
        """
        units = _to_units("the price of a call", usd)
        if not units or (not self._waiting and self._take(units)):
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((units, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._reserved -= units  # served and cancelled in the same turn of the loop
            self._serve()
            raise

    def settle(self, reserved_usd: float, paid_usd: float) -> None:
        """End a reservation.

        Args:
            reserved_usd: What was reserved.
            paid_usd: What the call cost; an excess over the reservation counts too.
        """
        self._reserved -= _to_units("the price of a call", reserved_usd)
        self._spent += _to_units("the cost of a call", paid_usd)
        self._serve()

    def update_spent(self, spent_usd: float) -> None:
        """Set what all runs of the home have spent; it never decreases."""
        self._spent = max(self._spent, _to_units("spent_usd", spent_usd))
        self._serve()

    def _take(self, units: int) -> bool:
        if self._spent + self._reserved + units > self._limit:
            return False
        self._reserved += units
        return True

    def _serve(self) -> None:
        """Serve waiting reservations in order; fail all if the first cannot be paid with nothing in flight."""
        while self._waiting:
            units, turn = self._waiting[0]
            if turn.done():  # cancelled meanwhile
                self._waiting.popleft()
            elif self._take(units):
                self._waiting.popleft()
                turn.set_result(None)
            elif self._reserved:
                return
            else:
                self._fail_all(self._exhausted(units))

    def _fail_all(self, message: str) -> None:
        for _, turn in self._waiting:
            if not turn.done():
                turn.set_exception(MachineFault("budget", message))
        self._waiting.clear()

    def _exhausted(self, units: int) -> str:
        return (
            f"budget_usd is {_format(self._limit)}, of which {_format(self._spent)} is spent, and the next call may "
            f"cost {_format(units)}; raise budget_usd, then run again: every answer so far is kept"
        )


@dataclass(slots=True)
class Reservation:
    """Dollars reserved for a call, what it has cost, and whether it goes on after the end (then they stay reserved)."""

    usd: float
    paid_usd: float = 0.0
    is_open: bool = False


@asynccontextmanager
async def reservation(budget: Budget | None, usd: float, *, is_bought: bool = False) -> AsyncIterator[Reservation]:
    """Reserve dollars for a call, and settle them at the end; without a budget, reserve nothing.

    Args:
        budget: What pays.
        usd: The highest cost of the call.
        is_bought: The call was sent before: if the budget cannot pay it, it is only counted.

    Raises:
        MachineFault: If the remaining budget cannot pay it.
    """
    reserved = Reservation(0.0)
    if budget is not None:
        try:
            await budget.reserve(usd)
            reserved.usd = usd
        except MachineFault:
            if not is_bought:
                raise
    try:
        yield reserved
    finally:
        if budget is not None and not reserved.is_open:
            budget.settle(reserved.usd, reserved.paid_usd)


def unknown_price(model: str) -> MachineFault:
    """The fault of a budget for a model of unknown price."""
    return MachineFault(
        "budget",
        f"the price of {model!r} is not known, so that a budget cannot be kept; "
        "give rating_plan its price_in and price_out, or take budget_usd away",
    )


def _to_units(what: str, usd: float) -> int:
    if not 0 <= usd < math.inf:
        raise ValueError(f"{what} is {usd} dollars; it must be a number from 0")
    # Always rounded up, so that a reservation is returned exactly and a smaller amount is never more units.
    return math.ceil(usd * _UNITS)


def _format(units: int) -> str:
    usd = units / _UNITS
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.2g}"

"""The cap in dollars: what a call may cost is set aside before it is sent, so that the cap is never passed."""

import asyncio
import math
from collections import deque

from featdisc_assets.llm.faults import MachineFault

# Kept in whole millionths of a millionth of a dollar: sums of fractions drift, and the last cent must not.
_UNITS = 10**12


class Budget:
    """Dollars that may be spent, over all runs of a home.

    Whoever asks first is served first. Spent and reserved together never pass the limit, unless a call is paid with
    more than was reserved for it. One event loop; none need run yet when it is made.

    Args:
        limit_usd: The cap.
        spent_usd: What was spent before.
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
        """Dollars set aside for calls in flight."""
        return self._reserved / _UNITS

    async def reserve(self, usd: float) -> None:
        """Set dollars aside for a call, waiting while others hold what it needs; `settle` must follow.

        What costs nothing never waits. Where the rest would not do even with nothing in flight, it waits for the calls
        in flight and then fails, with all who wait: calls that are paid get to their end.

        Raises:
            MachineFault: If the rest of the budget cannot pay it.
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
                self._reserved -= units  # served and cancelled in one turn of the loop
            self._serve()
            raise

    def settle(self, reserved_usd: float, paid_usd: float) -> None:
        """End a reservation.

        Args:
            reserved_usd: What was reserved.
            paid_usd: What the call cost; more than reserved is counted too.
        """
        self._reserved -= _to_units("the price of a call", reserved_usd)
        self._spent += _to_units("the cost of a call", paid_usd)
        self._serve()

    def update_spent(self, spent_usd: float) -> None:
        """Take note of what the whole home has spent, when other runs spend too; it never falls."""
        self._spent = max(self._spent, _to_units("spent_usd", spent_usd))
        self._serve()

    def _take(self, units: int) -> bool:
        if self._spent + self._reserved + units > self._limit:
            return False
        self._reserved += units
        return True

    def _serve(self) -> None:
        """Let those in that have waited longest; fail all if the first cannot be paid with nothing in flight."""
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
            f"budget_usd is {_format_usd(self._limit)}, of which {_format_usd(self._spent)} is spent, and the next call may "
            f"cost {_format_usd(units)}; raise budget_usd, then run again: every answer so far is kept"
        )


def _to_units(what: str, usd: float) -> int:
    if not 0 <= usd < math.inf:
        raise ValueError(f"{what} is {usd} dollars; it must be a number from 0")
    # Up, and by one rule for all: what is reserved is taken back exactly, and less is never more.
    return math.ceil(usd * _UNITS)


def _format_usd(units: int) -> str:
    usd = units / _UNITS
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.2g}"

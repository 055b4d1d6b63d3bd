"""The cap is never exceeded, reservations are served in order, and none waits for what cannot be paid."""

import asyncio
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import MachineFault

LIMIT = 1.0
_NEAR = 1e-9


async def turns() -> None:
    """Let all tasks proceed that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_budget_is_made_without_a_running_loop() -> None:
    budget = Budget(2.5, spent_usd=1.0)
    assert (budget.limit_usd, budget.spent_usd, budget.reserved_usd) == (2.5, 1.0, 0.0)


async def test_settling_counts_what_was_paid_and_frees_the_rest() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(0.75)
    assert budget.reserved_usd == 0.75
    budget.settle(0.75, 0.25)
    assert (budget.spent_usd, budget.reserved_usd) == (0.25, 0.0)
    await budget.reserve(0.75)


async def test_amounts_add_up_exactly() -> None:
    budget = Budget(LIMIT)
    for _ in range(10):
        await budget.reserve(0.1)
    for _ in range(10):
        budget.settle(0.1, 0.1)
    assert budget.spent_usd == LIMIT


async def test_a_call_waits_for_reserved_dollars() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(0.75)
    waiting = asyncio.create_task(budget.reserve(0.5))
    await turns()
    assert not waiting.done()
    budget.settle(0.75, 0.5)
    await waiting
    assert (budget.spent_usd, budget.reserved_usd) == (0.5, 0.5)


async def test_a_small_call_does_not_overtake_a_large_one() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(0.75)
    served: list[str] = []

    async def reserve(name: str, usd: float) -> None:
        await budget.reserve(usd)
        served.append(name)

    large = asyncio.create_task(reserve("large", 0.5))
    await turns()
    small = asyncio.create_task(reserve("small", 0.125))
    await turns()
    assert served == []
    budget.settle(0.75, 0.125)
    await asyncio.gather(large, small)
    assert served == ["large", "small"]


async def test_a_call_that_cannot_be_paid_fails_at_once_with_nothing_in_flight() -> None:
    budget = Budget(5.0, spent_usd=4.98)
    with pytest.raises(MachineFault) as caught:
        await budget.reserve(0.03)
    assert caught.value.status == "budget"
    assert str(caught.value) == (
        "budget_usd is $5.00, of which $4.98 is spent, and the next call may cost $0.03; "
        "raise budget_usd, then run again: every answer so far is kept"
    )
    await budget.reserve(0.02)  # a smaller one is served


async def test_all_waiting_calls_fail_after_the_calls_in_flight_have_ended() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(0.5)
    await budget.reserve(0.5)
    waiting = [asyncio.create_task(budget.reserve(usd)) for usd in (0.25, 0.125, 0.5)]
    budget.settle(0.5, 0.5)
    await turns()
    assert not any(task.done() for task in waiting)
    budget.settle(0.5, 0.5)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(end) for end in ends} == {MachineFault}
    assert len({str(end) for end in ends}) == 1
    assert budget.reserved_usd == 0


async def test_more_paid_than_reserved_is_counted_and_the_next_call_fails() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(0.5)
    budget.settle(0.5, 1.25)
    assert budget.spent_usd == 1.25
    with pytest.raises(MachineFault, match=r"budget_usd is \$1.00, of which \$1.25 is spent"):
        await budget.reserve(0.0001)


async def test_a_free_call_passes_even_if_all_is_spent() -> None:
    budget = Budget(0.0, spent_usd=1.0)
    await budget.reserve(0.0)
    budget.settle(0.0, 0.0)
    assert budget.spent_usd == 1.0


async def test_a_cancelled_reservation_holds_nothing() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(0.75)
    first, second = (asyncio.create_task(budget.reserve(usd)) for usd in (0.5, 0.25))
    await turns()
    first.cancel()
    await turns()
    assert first.cancelled()
    assert second.done()  # it was behind the cancelled one, and fits
    assert budget.reserved_usd == 1.0


async def test_a_reservation_cancelled_while_all_fail_stays_cancelled() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(1.0)
    first, second = (asyncio.create_task(budget.reserve(1.0)) for _ in range(2))
    await turns()
    second.cancel()
    budget.settle(1.0, 1.0)
    ends = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(end) for end in ends] == [MachineFault, asyncio.CancelledError]


async def test_a_reservation_served_and_cancelled_at_once_is_returned() -> None:
    budget = Budget(LIMIT)
    await budget.reserve(1.0)
    first, second = (asyncio.create_task(budget.reserve(1.0)) for _ in range(2))
    await turns()
    budget.settle(1.0, 0.0)  # serves the first, whose task has not run yet
    first.cancel()
    await turns()
    assert first.cancelled()
    assert second.done()
    assert budget.reserved_usd == 1.0


@pytest.mark.parametrize("usd", [-1.0, math.nan, math.inf])
async def test_invalid_amounts_are_refused(usd: float) -> None:
    with pytest.raises(ValueError, match=f"budget_usd is {usd} dollars"):
        Budget(usd)
    with pytest.raises(ValueError, match="the price of a call is"):
        await Budget(LIMIT).reserve(usd)


USD = st.floats(0, 1.5, allow_subnormal=False)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), USD),
        st.tuples(st.just("settle"), st.floats(0, 1.2)),
        st.tuples(st.just("cancel"), st.floats(0, 1)),
    ),
    max_size=40,
)


class Simulation:
    """Tasks that reserve and settle one after another, with the invariants after every step."""

    def __init__(self) -> None:
        self.budget = Budget(LIMIT)
        self.waiting: list[tuple[asyncio.Task[None], float]] = []
        self.held: list[float] = []
        self.paid = 0.0
        self.overpaid = 0.0

    async def step(self, what: str, amount: float) -> None:
        if what == "reserve":
            self.waiting.append((asyncio.create_task(self.budget.reserve(amount)), amount))
        elif what == "settle" and self.held:
            reserved = self.held.pop(0)
            self.paid += reserved * amount
            self.overpaid += max(0.0, reserved * (amount - 1))
            self.budget.settle(reserved, reserved * amount)
        elif what == "cancel" and self.waiting:
            self.waiting[int(amount * (len(self.waiting) - 1))][0].cancel()
        await turns()
        self.sort_out()
        self.check()

    def sort_out(self) -> None:
        done = [(task, usd) for task, usd in self.waiting if task.done()]
        costly = [task.done() for task, usd in self.waiting if usd and not task.cancelled()]
        assert costly == sorted(costly, reverse=True), "one was served before another who came first"
        self.waiting = [(task, usd) for task, usd in self.waiting if not task.done()]
        for task, usd in done:
            if task.cancelled():
                continue
            if fault := task.exception():
                assert isinstance(fault, MachineFault)
                assert fault.status == "budget"
                assert not any(self.held), "calls in flight were not waited for"
            else:
                self.held.append(usd)

    def check(self) -> None:
        budget = self.budget
        assert budget.spent_usd + budget.reserved_usd <= LIMIT + self.overpaid + _NEAR
        assert budget.spent_usd == pytest.approx(self.paid, abs=_NEAR)
        assert budget.reserved_usd == pytest.approx(sum(self.held), abs=_NEAR)
        assert any(self.held) or not self.waiting, "a reservation waits although nothing is in flight"


@given(steps=STEPS)
@example(steps=[("reserve", 1.0), ("reserve", 1.0), ("cancel", 0.0), ("settle", 1.2), ("reserve", 0.1)])
@example(steps=[("reserve", 0.1)] * 10 + [("settle", 1.0)] * 10)
def test_the_cap_holds_for_any_sequence_of_reservations(steps: list[tuple[str, float]]) -> None:
    async def live() -> None:
        simulation = Simulation()
        for step in steps:
            await simulation.step(*step)
        while simulation.held:
            await simulation.step("settle", 1.0)
        assert not simulation.waiting
        assert simulation.budget.reserved_usd == 0

    asyncio.run(live())


async def test_spending_of_other_runs_counts() -> None:
    budget = Budget(1.0, spent_usd=0.2)
    budget.update_spent(0.7)
    budget.update_spent(0.1)
    assert budget.spent_usd == 0.7
    with pytest.raises(MachineFault, match=r"of which .* is spent"):
        await budget.reserve(0.4)

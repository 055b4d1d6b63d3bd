import asyncio
import itertools
import random
from dataclasses import dataclass, field

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featdisc_assets.llm import rate_limit
from featdisc_assets.llm.faults import retry_after
from featdisc_assets.llm.gate import Gate, Limits
from tests.llm.fake_time import run
from tests.loopback.limiter import Header, Limiter, Refusal
from tests.loopback.server import Loopback


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(7)


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Server:
    """A server in fake time: calls throttled by its limiter or by chance end at once, others after some seconds."""

    limiter: Limiter = field(default_factory=lambda: Limiter(clock=now))
    asks_for_wait: bool = True
    throttled_share: float = 0.0
    took_s: float = 2.0
    sent: list[float] = field(default_factory=list)

    async def answer(self, tokens: int = 0) -> tuple[bool, float | None]:
        """Whether the call was throttled, and the wait asked for."""
        self.sent.append(now())
        await asyncio.sleep(0.02)
        found = self.limiter.enter(tokens)
        if isinstance(found, Refusal):
            return True, found.wait_s if self.asks_for_wait else None
        try:
            if random.random() < self.throttled_share:
                return True, None
            await asyncio.sleep(self.took_s * random.uniform(0.5, 1.5))
        finally:
            self.limiter.leave()
        return False, None


class StrictServer(Server):
    """Takes 300 requests a minute, counts those it refuses too, and asks for no wait: overload never ends by itself."""

    async def answer(self, tokens: int = 0) -> tuple[bool, float | None]:
        """Whether the call was throttled, and no wait."""
        self.sent.append(now())
        await asyncio.sleep(0.05)
        return sum(time > now() - 60 for time in self.sent[-302:]) > 300, None


@dataclass
class Result:
    """The outcome of many calls."""

    gate: Gate
    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    concurrencies: list[int] = field(default_factory=list)


async def ask(server: Server, limits: Limits, calls: int, *, tokens: int = 0, attempts: int = 20) -> Result:
    """Answer calls as the meter does, with waits between the attempts of each."""
    result = Result(Gate(limits))
    ahead = asyncio.Semaphore(max(256, 4 * limits.max_concurrency))

    async def one() -> None:
        for failures in range(attempts):
            async with result.gate.slot(tokens, is_retry=failures > 0):
                throttled, wait_s = await server.answer(tokens)
                result.gate.record(throttled=throttled, wait_s=wait_s, expected=tokens, used=0 if throttled else None)
                result.concurrencies.append(result.gate.concurrency)
            if not throttled:
                result.answered += 1
                break
            await result.gate.back_off(min(failures + 1, 3))
        else:
            result.failed += 1
        ahead.release()

    tasks = []
    for _ in range(calls):
        await ahead.acquire()
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    result.seconds = now()
    return result


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_concurrency": 0}, "max_concurrency is 0; allow at least 1"),
        ({"requests_per_minute": 0.0}, "requests_per_minute is 0.0; give a number above 0, or None"),
        ({"requests_per_minute": float("nan")}, "requests_per_minute is nan; give"),
        ({"tokens_per_minute": float("inf")}, "tokens_per_minute is inf; give"),
        ({"tokens_per_minute": -5.0}, "tokens_per_minute is -5.0; give"),
        ({"backoff_s": -1.0}, "backoff_s is -1.0; give 0 seconds or more"),
    ],
)
def test_a_limit_that_lets_nothing_through_is_refused(limits: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Limits(**limits)  # type: ignore[arg-type]


def test_the_concurrency_limit_holds_and_calls_are_admitted_in_order() -> None:
    gate = Gate(Limits(max_concurrency=3))
    began: list[int] = []

    async def call(number: int) -> None:
        async with gate.slot():
            began.append(number)
            assert gate.in_flight <= 3
            await asyncio.sleep(random.random())

    async def main() -> None:
        await asyncio.gather(*(call(number) for number in range(50)))

    run(main())
    assert began == list(range(50))
    assert gate.in_flight == 0


def test_retries_go_first_in_order() -> None:
    gate = Gate(Limits(max_concurrency=2))
    began: list[int] = []

    async def call(number: int) -> None:
        async with gate.slot(is_retry=number % 3 == 0):
            began.append(number)
            await asyncio.sleep(1)

    async def main() -> None:
        await asyncio.gather(*(call(number) for number in range(10)))

    run(main())
    assert began == [0, 1, 3, 6, 9, 2, 4, 5, 7, 8]


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 1.0, 9.0]), st.sampled_from([0.0, 0.5, 3.0]), st.integers(0, 900)),
        min_size=1,
        max_size=80,
    ),
    st.integers(1, 5),
    st.sampled_from([None, 3, 60, 1000]),
    st.sampled_from([None, 700, 20_000]),
    st.lists(st.integers(0, 79), max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_all_calls_are_admitted_in_order_within_every_limit(
    calls: list[tuple[float, float, int]], at_a_time: int, rpm: int | None, tpm: int | None, dropped: list[int]
) -> None:
    """`dropped` are cancelled at arbitrary moments: while they wait, when they are admitted, in flight, after."""
    limiter = Limiter(requests_per_minute=rpm, most_in_flight=at_a_time, clock=now)
    gate = Gate(Limits(max_concurrency=at_a_time, requests_per_minute=rpm, tokens_per_minute=tpm))
    began: list[int] = []

    async def call(number: int, took_s: float, tokens: int) -> None:
        async with gate.slot(tokens):
            began.append(number)
            assert not isinstance(limiter.enter(), Refusal)
            try:
                await asyncio.sleep(took_s)
                gate.record(throttled=False, expected=tokens, used=tokens // 2)
            finally:
                limiter.leave()

    async def main() -> None:
        tasks = []
        for number, (gap_s, took_s, tokens) in enumerate(calls):
            await asyncio.sleep(gap_s)
            tasks.append(asyncio.create_task(call(number, took_s, tokens)))
            for other in dropped:
                if other % 7 == number % 7 and other < len(tasks):
                    tasks[other].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() or task.exception() is None for task in tasks)

    run(main())
    assert began == sorted(began)
    assert set(range(len(calls))) - set(dropped) <= set(began)
    assert gate.in_flight == 0


class TestConcurrency:
    def test_isolated_throttling_does_not_lower_it(self) -> None:
        result = run(ask(Server(throttled_share=0.05), Limits(max_concurrency=64), 2000))
        assert min(result.concurrencies) == 64
        assert result.failed == 0
        assert result.gate.throttled == pytest.approx(0.05 * 2000, rel=0.3)

    def test_isolated_throttling_does_not_lower_a_small_limit(self) -> None:
        result = run(ask(Server(throttled_share=0.05), Limits(max_concurrency=8), 2000))
        assert sum(result.concurrencies) / len(result.concurrencies) > 7.5

    @pytest.mark.parametrize(("allowed", "requests_per_answer"), [(12, 1.6), (64, 1.7), (512, 2.3)])
    def test_it_falls_to_what_a_server_holds(self, allowed: int, requests_per_answer: float) -> None:
        server = Server(Limiter(most_in_flight=8, clock=now))
        result = run(ask(server, Limits(max_concurrency=allowed), 2000))
        settled = result.concurrencies[len(result.concurrencies) // 2 :]
        assert 5 <= sum(settled) / len(settled) <= 10
        assert result.failed == 0
        assert len(server.sent) < requests_per_answer * 2000
        assert result.seconds < 1.4 * 2000 / 8 * 2

    @pytest.mark.parametrize("asks_for_wait", [True, False])
    def test_it_falls_to_what_a_server_takes_in_a_second(self, asks_for_wait: bool) -> None:
        server = Server(Limiter(requests_per_minute=5, window_s=1.0, clock=now), asks_for_wait=asks_for_wait)
        result = run(ask(server, Limits(max_concurrency=64), 2000))
        settled = result.concurrencies[len(result.concurrencies) // 2 :]
        assert sum(settled) / len(settled) < 16
        assert result.failed == 0
        assert len(server.sent) < 2 * 2000
        assert result.seconds < 2.2 * 2000 / 5

    @pytest.mark.parametrize("share", [0.5, 0.9])
    def test_random_throttling_of_most_calls_is_survived(self, share: float) -> None:
        result = run(ask(Server(throttled_share=share), Limits(max_concurrency=64), 500, attempts=500))
        assert result.answered == 500
        assert min(result.concurrencies) >= 1

    def test_it_rises_again_after_throttling_ends(self) -> None:
        server = Server(throttled_share=1.0)

        async def main() -> tuple[Gate, int]:
            gate = Gate(Limits(max_concurrency=16))
            await _rounds(gate, server, 3)
            lowest = gate.concurrency
            server.throttled_share = 0.0
            await _rounds(gate, server, 40)
            return gate, lowest

        gate, lowest = run(main())
        assert lowest < 8
        assert gate.concurrency == 16

    def test_calls_sent_before_a_cut_do_not_count_towards_the_next(self) -> None:
        async def main() -> Gate:
            gate = Gate(Limits(max_concurrency=64))
            await _rounds(gate, Server(throttled_share=1.0), 1)
            return gate

        assert run(main()).concurrency == 44

    def test_a_limit_that_is_not_reached_does_not_rise(self) -> None:
        async def main() -> Gate:
            gate = Gate(Limits(max_concurrency=64))
            await _rounds(gate, Server(throttled_share=1.0), 1)
            for _ in range(100):
                await asyncio.gather(*(_once(gate, Server()) for _ in range(10)))
            return gate

        assert run(main()).concurrency == 44

    def test_at_one_call_pauses_double_until_an_answer(self) -> None:
        async def main() -> list[float]:
            gate = Gate(Limits(max_concurrency=1))
            server = Server(throttled_share=1.0, took_s=0.0)
            for number in range(56):
                server.throttled_share = float(number != 30)
                await _once(gate, server)
            return server.sent

        sent = run(main())
        pauses = [after - before for before, after in itertools.pairwise(sent) if after - before > 0.5]
        assert pauses == pytest.approx([1, 2, 4, 1, 2, 4], rel=0.15)

    def test_a_server_that_counts_refused_calls_recovers(self) -> None:
        server = StrictServer()
        result = run(ask(server, Limits(max_concurrency=64), 1500))
        assert result.failed == 0
        assert len(server.sent) < 2 * 1500


async def _once(gate: Gate, server: Server, *, is_retry: bool = False) -> None:
    async with gate.slot(is_retry=is_retry):
        throttled, wait_s = await server.answer()
        gate.record(throttled=throttled, wait_s=wait_s)


async def _rounds(gate: Gate, server: Server, rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.gather(*(_once(gate, server) for _ in range(gate.limits.max_concurrency)))


class TestRates:
    @pytest.mark.parametrize("rpm", [30, 600])
    def test_requests_keep_to_the_limit_and_use_it(self, rpm: int) -> None:
        server = Server(Limiter(requests_per_minute=rpm, clock=now))
        result = run(ask(server, Limits(max_concurrency=256, requests_per_minute=rpm), 3 * rpm))
        assert result.gate.throttled == 0
        assert server.limiter.most_requests <= rpm
        assert 60 * 3 * rpm / server.sent[-1] >= 0.95 * rpm

    def test_tokens_keep_to_the_limit_and_use_it(self) -> None:
        server = Server(Limiter(tokens_per_minute=90_000, clock=now))
        result = run(ask(server, Limits(max_concurrency=64, tokens_per_minute=90_000), 540, tokens=500))
        assert result.gate.throttled == 0
        assert server.limiter.most_tokens <= 90_000
        assert 60 * 540 * 500 / server.sent[-1] >= 0.95 * 90_000

    def test_unused_tokens_are_returned(self) -> None:
        async def main() -> float:
            gate = Gate(Limits(tokens_per_minute=62_000))
            for _ in range(300):
                async with gate.slot(1000):
                    gate.record(throttled=False, expected=1000, used=100)
            return now()

        assert run(main()) == pytest.approx(300 * 0.1, rel=0.1)

    def test_returned_tokens_admit_a_waiting_call(self) -> None:
        async def main() -> float:
            gate = Gate(Limits(tokens_per_minute=1000))
            async with gate.slot(50_000):
                waiting = asyncio.create_task(_once(gate, Server(took_s=0)))
                await asyncio.sleep(7)
                gate.record(throttled=False, expected=50_000, used=1500)
            await waiting
            return now()

        assert run(main()) == pytest.approx(92.02)

    def test_a_call_larger_than_the_limit_passes_alone(self) -> None:
        async def main() -> list[float]:
            gate = Gate(Limits(tokens_per_minute=100))
            times = []

            async def call(tokens: int) -> None:
                async with gate.slot(tokens):
                    times.append(now())

            await asyncio.gather(call(5), call(1000), call(5))
            return times

        first, large, last = run(main())
        assert first == 0
        assert large < 5
        assert last - large > 600

    def test_in_real_time_over_http(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A minute is three seconds here; the second reserved for jitter stays, for a busy machine."""
        monkeypatch.setattr(rate_limit, "_MINUTE_S", 3.0)
        limiter = Limiter(window_s=3.0)
        gate = Gate(Limits(max_concurrency=50, requests_per_minute=400))
        with Loopback(limiter=limiter, answer=lambda prompt: "{}") as server:
            asyncio.run(_post(server, gate, 500))
        assert limiter.let_in == 500
        assert limiter.most_requests <= 1.05 * 400


_BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


async def _post(server: Loopback, gate: Gate, calls: int) -> list[int]:
    """The statuses of requests to a real server, in order of arrival."""
    statuses: list[int] = []

    async def one(session: aiohttp.ClientSession) -> None:
        for failures in range(1, 100):
            async with gate.slot(), session.post(f"{server.url}/chat/completions", json=_BODY) as response:
                statuses.append(response.status)
                wait_s = float(response.headers["Retry-After"]) if "Retry-After" in response.headers else None
                gate.record(throttled=response.status == 429, wait_s=wait_s)
            if response.status == 200:
                return
            await gate.back_off(min(failures, 3))

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session) for _ in range(calls)))
    return statuses


def test_a_real_server_with_limits_answers_all_calls() -> None:
    limiter = Limiter(requests_per_minute=40, most_in_flight=8, window_s=0.5)
    with Loopback(limiter=limiter, latency_s=0.02, answer=lambda prompt: "{}") as server:
        statuses = asyncio.run(_post(server, Gate(Limits(max_concurrency=64, backoff_s=0.02)), 120))
        assert statuses.count(200) == limiter.let_in == 120
        assert statuses.count(429) == limiter.turned_away.total() > 0
        assert server.total == len(statuses)


@pytest.mark.parametrize(("form", "least", "most"), [("seconds", 50, 60), ("ms", 50, 60), ("date", 49, 61)])
def test_the_server_sends_every_form_of_retry_after(form: Header, least: float, most: float) -> None:
    async def second(url: str) -> float | None:
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                response = await session.post(f"{url}/chat/completions", json=_BODY)
            return retry_after(response.headers)

    limiter = Limiter(requests_per_minute=1, retry_after=form)
    with Loopback(limiter=limiter) as server:
        wait_s = asyncio.run(second(server.url))
    assert wait_s is not None
    assert least < wait_s <= most
    assert limiter.turned_away == {"requests": 1}


def test_the_servers_window_of_tokens_slides() -> None:
    seconds = iter([0.0, 10.0, 20.0, 30.0, 60.0, 200.0])
    limiter = Limiter(tokens_per_minute=100, clock=lambda: next(seconds))
    assert not isinstance(limiter.enter(40), Refusal)
    assert not isinstance(limiter.enter(40), Refusal)
    assert limiter.enter(50) == Refusal("tokens", 40.0)
    assert limiter.enter(90) == Refusal("tokens", 40.0)
    assert not isinstance(limiter.enter(60), Refusal)
    assert not isinstance(limiter.enter(500), Refusal)
    assert (limiter.most_requests, limiter.most_tokens, limiter.let_in) == (4, 500, 4)


class TestPause:
    def test_all_calls_wait_for_its_end_and_start_spread(self) -> None:
        left: list[float] = []

        async def main() -> None:
            gate = Gate(Limits(max_concurrency=50))

            async def call() -> None:
                async with gate.slot():
                    left.append(now())

            async with gate.slot():
                gate.record(throttled=True, wait_s=30.0)
            gate.pause(5.0)  # a shorter one changes nothing
            await asyncio.gather(*(call() for _ in range(50)))

        run(main())
        assert min(left) >= 30
        assert max(left) <= 34
        assert len(set(left)) == 50
        assert left == sorted(left)

    def test_it_lasts_ten_minutes_at_most(self) -> None:
        async def main() -> float:
            gate = Gate(Limits())
            gate.pause(86_400)
            async with gate.slot():
                return now()

        assert 600 <= run(main()) <= 602

    def test_a_longer_pause_replaces_a_shorter_one(self) -> None:
        async def main() -> float:
            gate = Gate(Limits())
            gate.pause(10)
            waiting = asyncio.create_task(_once(gate, Server(took_s=0)))
            await asyncio.sleep(5)
            gate.pause(100)
            await waiting
            return now()

        assert 105 <= run(main()) <= 108


class TestClose:
    @pytest.mark.parametrize("limits", [Limits(max_concurrency=1), Limits(requests_per_minute=0.5), Limits()])
    def test_all_waiting_calls_are_cancelled_at_once(self, limits: Limits) -> None:
        async def main() -> None:
            gate = Gate(limits)
            in_flight = asyncio.create_task(_once(gate, Server(took_s=60)))
            await asyncio.sleep(1)
            if limits == Limits():
                gate.pause(500)
            waiting = [asyncio.create_task(_once(gate, Server(), is_retry=number < 5)) for number in range(20)]
            waiting.append(asyncio.create_task(gate.back_off(7)))
            await asyncio.sleep(1)
            assert not any(task.done() for task in waiting)
            gate.close()
            for task in waiting:
                with pytest.raises(asyncio.CancelledError, match="the run has ended"):
                    await task
            assert now() == 2
            await in_flight
            assert gate.in_flight == 0

        run(main())

    def test_no_call_is_admitted_after(self) -> None:
        async def main() -> None:
            gate = Gate(Limits())
            gate.close()
            with pytest.raises(asyncio.CancelledError, match="the run has ended"):
                await _once(gate, Server())
            with pytest.raises(asyncio.CancelledError, match="the run has ended"):
                await gate.back_off(1)

        run(main())

    def test_a_call_admitted_just_before_is_cancelled(self) -> None:
        async def main() -> None:
            gate = Gate(Limits(max_concurrency=1))
            async with gate.slot():
                waiting = asyncio.create_task(_once(gate, Server()))
                await asyncio.sleep(0)
            gate.close()
            assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
            assert gate.in_flight == 0

        run(main())


def test_back_off_doubles_and_is_spread() -> None:
    async def wait(failures: int) -> float:
        before = now()
        await Gate(Limits(backoff_s=2.0)).back_off(failures)
        return now() - before

    async def main() -> None:
        for failures, longest in [(1, 2), (2, 4), (3, 8), (9, 60), (5000, 60)]:
            waits = [await wait(failures) for _ in range(50)]
            assert longest / 2 <= min(waits) < 0.7 * longest
            assert 0.8 * longest < max(waits) <= longest

    run(main())

"""Asking an embedding server for vectors: requests of many texts, one layer of retries, every attempt in the ledger.

A request that fails for its content is cut in halves, down to the text that is at fault: it alone stays without a
vector. What would befall every request stops the run, and what was received by then is kept.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from featdisc_assets.encoders.ledger import row
from featdisc_assets.encoders.parse import Matrix, UnusableVectorsError, unit_rows
from featdisc_assets.encoders.server import RequestOptions, Server, ServerState
from featdisc_assets.encoders.vector_store import Failure, VectorStore
from featdisc_assets.llm import faults, providers
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import AttemptResult, MachineFault
from featdisc_assets.llm.providers import Route
from featdisc_assets.llm.tokens import count_tokens

# OpenAI takes 300,000 tokens a request, Voyage 120,000; ours is an estimate.
_TOKENS_A_REQUEST = 50_000
# Beside its own bytes, what a server may count a text as: marks of its beginning and end, an instruction before it.
_TOKENS_AROUND_A_TEXT = 32
# Failures that say nothing of the texts wait for the server: so many times the attempts of others.
_THROTTLED_FACTOR = 4
_OF_THE_SERVER = ("rate_limited", "connection")
_OF_THE_SIZE = ("rejected", "context_length")
_MAY_PASS = (*faults.PASSING, "invalid")
# A request that may fail for its size or for one of its texts is not tried in vain for long before it is cut.
_ATTEMPTS_UNCUT = 2
# Of another model than was asked before: no vector of it may stand beside the others.
_OTHER_WIDTH = "other_width"


class Calls:
    """One pass over texts.

    Args:
        server: Who is asked.
        identity: What the vectors are known by.
        route: Where the model is, from `check_model`.
        options: How.
        known: What is known of the server; it grows.
        kept: Where vectors and the ledger go.
        budget: What may be spent.

    Attributes:
        failures: Texts without a vector, and why.
    """

    def __init__(
        self,
        server: Server,
        identity: str,
        route: Route,
        options: RequestOptions,
        state: ServerState,
        kept: VectorStore,
        budget: Budget | None,
    ) -> None:
        self._server, self._identity, self._route, self._options = server, identity, route, options
        self._state, self._kept, self._budget = state, kept, budget
        self._fault: Exception | None = None
        self.failures: dict[str, Failure] = {}

    async def ask(self, texts: Sequence[str]) -> None:
        """Have vectors of all texts kept, but of those in `failures`.

        Raises:
            MachineFault: If a failure would befall every request; requests in flight have landed by then.
        """
        batches = self._batches(texts)
        if not self._state.has_answered:
            # What is wrong with a key or a parameter shows at the first request: one is enough.
            await self._work(iter([next(batches)]))
        workers = [self._work(batches) for _ in range(self._options.limits.max_concurrency)]
        ends = await asyncio.gather(*workers, return_exceptions=True)
        if self._fault is not None:
            raise self._fault
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Texts request by request, of the size that the server takes by then."""
        batch, tokens = list[str](), 0
        for text in texts:
            more = count_tokens(text)
            if batch and (len(batch) >= self._state.texts_a_request or tokens + more > _TOKENS_A_REQUEST):
                yield batch
                batch, tokens = [], 0
            batch.append(text)
            tokens += more
        yield batch

    async def _work(self, batches: Iterator[list[str]]) -> None:
        for batch in batches:
            try:
                await self._divide(batch)
            except Exception as fault:
                # Of whatever kind: vectors that cannot be kept must not be paid for either.
                self._fault = self._fault or fault
                self._state.gate.close()
                raise

    async def _divide(self, texts: list[str]) -> None:
        """Ask for texts, in halves where they cannot be had together."""
        end = await self._persist(texts)
        if end is None:
            return
        if len(texts) > 1:
            before, middle = len(self.failures), len(texts) // 2
            await self._divide(texts[:middle])
            await self._divide(texts[middle:])
            if end.status in _OF_THE_SIZE and len(self.failures) == before:
                # None of them was at fault: they were too many.
                self._state.texts_a_request = max(1, min(self._state.texts_a_request, middle))
            return
        self.failures[texts[0]] = Failure(end.status, end.error)
        if count := self._state.breaker.record_failure(end.status):
            raise self._stop(end, count)

    async def _persist(self, texts: list[str]) -> AttemptResult | None:
        """Ask again while that may help; None once there are vectors, else how it ended."""
        failures, throttled = 0, 0
        while True:
            end = await self._in_either_form(texts, is_retry=bool(failures or throttled))
            status = end.status
            if status == "ok":
                self._state.breaker.record_answer()
                return None
            if status in (*faults.MACHINE, _OTHER_WIDTH) or self._state.breaker.record_attempt(status):
                raise self._stop(end, failures + 1)
            throttled += status == "rate_limited"
            failures += status != "rate_limited"
            if status in _OF_THE_SERVER:
                is_new = status == "connection" and not self._state.has_answered
                if max(failures, throttled) >= self._options.max_attempts * (1 if is_new else _THROTTLED_FACTOR):
                    raise self._stop(end, max(failures, throttled))
            elif status not in _MAY_PASS or failures >= self._attempts(texts):
                return end
            await self._state.gate.back_off(min(throttled, 3) if status == "rate_limited" else failures)

    async def _in_either_form(self, texts: list[str], *, is_retry: bool) -> AttemptResult:
        """One attempt; where base64 is rejected by a server that has answered nothing yet, one for numbers too."""
        end = await self._attempt(texts, is_retry=is_retry)
        if end.status == "rejected" and self._state.takes_base64 and not self._state.has_answered:
            self._state.takes_base64 = False
            end = await self._attempt(texts, is_retry=True)
            self._state.takes_base64 = end.status != "ok"
        return end

    def _attempts(self, texts: list[str]) -> int:
        return self._options.max_attempts if len(texts) == 1 else min(_ATTEMPTS_UNCUT, self._options.max_attempts)

    async def _attempt(self, texts: list[str], *, is_retry: bool) -> AttemptResult:
        """Send one request within rates and budget, and store what came of it."""
        price, expected = self._server.price, sum(map(count_tokens, texts))
        most = 0.0
        if self._budget is not None and price is not None:
            most = price.at_most(sum(len(text.encode()) + _TOKENS_AROUND_A_TEXT for text in texts), 0)
            await self._budget.reserve(most)
        paid = 0.0
        try:
            async with self._state.gate.slot(expected, is_retry=is_retry):
                paid = most  # from here on it may be billed, whatever happens to us
                attempt, result = await self._exchange(texts)
                throttled = result.status == "rate_limited" or (
                    result.status == "server_error" and result.retry_after_s is not None
                )
                used = 0 if result.status == "rate_limited" else attempt.tokens_in
                self._state.gate.record(throttled=throttled, wait_s=result.retry_after_s, expected=expected, used=used)
                paid = self._bill(attempt, expected)
                return result
        finally:
            if self._budget is not None:
                self._budget.settle(most, paid)

    def _bill(self, attempt: Attempt, expected: int) -> float:
        """Count what a request cost; one that may have been billed unseen counts as its texts would."""
        self._state.tokens += attempt.tokens_in or 0
        self._state.cost_usd += attempt.cost_usd or 0.0
        if attempt.cost_usd is not None:
            return attempt.cost_usd
        unseen = attempt.raw is not None or attempt.status in ("timeout", "connection")
        return self._server.price.of(expected, 0) if unseen and self._server.price is not None else 0.0

    async def _exchange(self, texts: list[str]) -> tuple[Attempt, AttemptResult]:
        response, vectors, result = None, None, AttemptResult("ok", "")
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._options.timeout_s):
                response = await self._send(texts)
            vectors = unit_rows(response, len(texts))
        except MachineFault:
            raise
        except UnusableVectorsError as error:
            result = AttemptResult("invalid", str(error))
        except Exception as error:
            result = faults.classify(error)
        if vectors is not None and (wrong := self._other_width(vectors)):
            vectors, result = None, AttemptResult(_OTHER_WIDTH, wrong)
        latency_ms = (time.perf_counter() - started) * 1000
        attempt = row(self._server, self._identity, self._route.provider, texts, result, response, latency_ms)
        # Before anything is made of them: paid vectors must outlive us.
        self._kept.put(attempt, texts, vectors)
        self._state.has_answered |= vectors is not None
        return attempt, result

    async def _send(self, texts: list[str]) -> Any:  # noqa: ANN401  (a litellm.EmbeddingResponse)
        litellm, server = providers.load_litellm(), self._server
        given: dict[str, Any] = {"num_retries": 0, "max_retries": 0, "timeout": self._options.timeout_s}
        if server.dimensions is not None:
            # litellm lets OpenAI's own models alone have it.
            given |= {"dimensions": server.dimensions, "allowed_openai_params": ["dimensions"]}
        if self._state.takes_base64:
            given["encoding_format"] = "base64"
        try:
            return await litellm.aembedding(
                model=server.model, input=texts, api_base=server.api_base, api_key=self._route.api_key, **given
            )
        except litellm.UnsupportedParamsError as error:
            raise MachineFault(
                "rejected", f"{server.model!r} cannot be asked so ({faults.excerpt(str(error))}); take dimensions away"
            ) from None

    def _other_width(self, vectors: Matrix) -> str | None:
        """What is wrong with the width of vectors, if anything; the first good ones set it."""
        width, asked = vectors.shape[1], self._server.dimensions
        if asked is not None and width != asked:
            return f"{self._server.model!r} gave {width:,} numbers a vector where dimensions asks for {asked:,}"
        if self._state.width is not None and width != self._state.width:
            return (
                f"{self._server.model!r} gave {width:,} numbers a vector, and earlier {self._state.width:,}: "
                "another model goes by that name now"
            )
        self._state.width = width
        return None

    def _stop(self, end: AttemptResult, count: int) -> MachineFault:
        server = self._server
        if end.status == _OTHER_WIDTH:
            return MachineFault(
                "invalid", f"{end.error}; set embeddings.dimensions to what it gives, or ask it by another name"
            )
        if end.status == "invalid":
            return MachineFault(
                "invalid", f"the vectors of {count} requests to {server.model!r} cannot be used ({end.error})"
            )
        where = server.api_base or self._route.provider
        return MachineFault(end.status, faults.advice(end.status, server.model, where, end.error, count))

"""Requests to an embedding server: many texts each, one layer of retries, every attempt in the ledger.

A request that fails because of its content is split in halves, down to the text that causes it: only that text stays
without a vector. A failure that every request would share stops the run, and keeps what was received by then.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from featdisc_assets.encoders import codec
from featdisc_assets.encoders.codec import Matrix, UnusableVectorsError
from featdisc_assets.encoders.server import RequestOptions, Server, ServerState
from featdisc_assets.encoders.vector_store import Failure, VectorStore
from featdisc_assets.llm import faults, providers
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.attempt import MeteredClient
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import AttemptResult, MachineFault
from featdisc_assets.llm.providers import Route
from featdisc_assets.llm.retry_policy import THROTTLED_FACTOR, Retries
from featdisc_assets.llm.tokens import count_tokens

# OpenAI takes 300,000 tokens a request, Voyage 120,000; ours is an estimate.
_TOKENS_A_REQUEST = 50_000
# Tokens that a server may add to each text: start and end marks, an instruction before it.
_MAX_OVERHEAD = 32
_SERVER_FAILURES = ("rate_limited", "connection")
_SIZE_FAILURES = ("rejected", "context_length")
_PASSING = (*faults.PASSING, "invalid")
# A request of several texts may fail because of one of them, so it is split after few attempts.
_ATTEMPTS_BEFORE_SPLIT = 2
# A vector of another model, which must not be mixed with the others.
_OTHER_WIDTH = "other_width"


class Calls:
    """One pass over texts.

    Args:
        server: The server asked.
        identity: The identity of the vectors.
        route: From `check_model`.
        options: How to ask.
        state: What is known of the server; updated here.
        vectors: Where vectors and the ledger are stored.
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
        vectors: VectorStore,
        budget: Budget | None,
    ) -> None:
        self._server, self._identity, self._route, self._options = server, identity, route, options
        self._state, self._vectors = state, vectors
        self._client = MeteredClient(state.gate, budget, state.usage, options.timeout_s)
        self._fault: Exception | None = None
        self.failures: dict[str, Failure] = {}

    async def ask(self, texts: Sequence[str]) -> None:
        """Store vectors of all texts, except those in `failures`.

        Raises:
            MachineFault: If every further request would fail alike; requests in flight have ended by then.
        """
        batches = self._batches(texts)
        if not self._state.has_answered:
            # The first request shows whether the key and the parameters are right, so it is sent alone.
            await self._work(iter([next(batches)]))
        workers = [self._work(batches) for _ in range(self._options.limits.max_concurrency)]
        ends = await asyncio.gather(*workers, return_exceptions=True)
        if self._fault is not None:
            raise self._fault
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """The texts of each request; their number follows what the server has shown to take."""
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
                await self._ask_or_split(batch)
            except Exception as fault:
                # Any exception: vectors that cannot be stored must not be paid for either.
                self._fault = self._fault or fault
                self._state.gate.close()
                raise

    async def _ask_or_split(self, texts: list[str]) -> None:
        """Ask for texts, in halves if they fail together."""
        end = await self._ask_with_retries(texts)
        if end is None:
            return
        if len(texts) > 1:
            before, middle = len(self.failures), len(texts) // 2
            await self._ask_or_split(texts[:middle])
            await self._ask_or_split(texts[middle:])
            if end.status in _SIZE_FAILURES and len(self.failures) == before:
                # No single text was the cause, so the number of texts was.
                self._state.texts_a_request = max(1, min(self._state.texts_a_request, middle))
            return
        self.failures[texts[0]] = Failure(end.status, end.error)
        if count := self._state.breaker.record_failure(end.status):
            raise self._stop(end, count)

    async def _ask_with_retries(self, texts: list[str]) -> AttemptResult | None:
        """Ask until there are vectors or retries are used up; returns the last failure, None after success."""
        retries = Retries()
        while True:
            end = await self._ask_in_either_format(texts, is_retry=bool(retries.failures or retries.throttled))
            status = end.status
            if status == "ok":
                self._state.breaker.record_answer()
                return None
            if status in (*faults.MACHINE, _OTHER_WIDTH) or self._state.breaker.record_attempt(status):
                raise self._stop(end, retries.failures + 1)
            max_attempts = self._attempts_after(status, texts)
            may_retry = retries.allows(status, max_attempts)
            if status in _SERVER_FAILURES:
                count = max(retries.failures, retries.throttled)
                if count >= max_attempts:
                    raise self._stop(end, count)
            elif not may_retry:
                return end
            await self._state.gate.back_off(retries.backoff_step(status))

    def _attempts_after(self, status: str, texts: list[str]) -> int:
        most = self._options.max_attempts
        if status in _SERVER_FAILURES:
            is_new = status == "connection" and not self._state.has_answered
            return most if is_new else THROTTLED_FACTOR * most
        if status not in _PASSING:
            return 0
        return most if len(texts) == 1 else min(_ATTEMPTS_BEFORE_SPLIT, most)

    async def _ask_in_either_format(self, texts: list[str], *, is_retry: bool) -> AttemptResult:
        """One attempt, and one without base64 if a server that has not answered yet rejects it."""
        end = await self._attempt(texts, is_retry=is_retry)
        if end.status == "rejected" and self._state.takes_base64 and not self._state.has_answered:
            self._state.takes_base64 = False
            end = await self._attempt(texts, is_retry=True)
            self._state.takes_base64 = end.status != "ok"
        return end

    async def _attempt(self, texts: list[str], *, is_retry: bool) -> AttemptResult:
        vectors: Matrix | None = None

        def classify(response: Any) -> AttemptResult:  # noqa: ANN401  (a litellm.EmbeddingResponse)
            nonlocal vectors
            try:
                rows = codec.unit_rows(response, len(texts))
            except UnusableVectorsError as error:
                return AttemptResult("invalid", str(error))
            if wrong := self._check_width(rows):
                return AttemptResult(_OTHER_WIDTH, wrong)
            vectors = rows
            return AttemptResult("ok", "")

        def store(result: AttemptResult, response: Any, latency_ms: float) -> Attempt:  # noqa: ANN401
            provider = self._route.provider
            attempt = codec.to_attempt(self._server, self._identity, provider, texts, result, response, latency_ms)
            self._vectors.put(attempt, texts, vectors)
            self._state.has_answered |= vectors is not None
            return attempt

        price, tokens = self._server.price, sum(map(count_tokens, texts))
        n_bytes = sum(len(text.encode()) + _MAX_OVERHEAD for text in texts)
        _, result, _ = await self._client.attempt(
            lambda: self._send(texts),
            classify,
            store,
            price=price,
            max_cost_usd=0.0 if price is None else price.at_most(n_bytes, 0),
            prompt_tokens=tokens,
            expected_tokens=tokens,
            is_retry=is_retry,
        )
        return result

    async def _send(self, texts: list[str]) -> Any:  # noqa: ANN401  (a litellm.EmbeddingResponse)
        litellm, server = providers.load_litellm(), self._server
        given: dict[str, Any] = {"num_retries": 0, "max_retries": 0, "timeout": self._options.timeout_s}
        if server.dimensions is not None:
            # litellm allows it only for OpenAI's own models.
            given |= {"dimensions": server.dimensions, "allowed_openai_params": ["dimensions"]}
        if self._state.takes_base64:
            given["encoding_format"] = "base64"
        try:
            return await litellm.aembedding(
                model=server.model, input=texts, api_base=server.api_base, api_key=self._route.api_key, **given
            )
        except litellm.UnsupportedParamsError as error:
            raise MachineFault(
                "rejected",
                f"{server.model!r} does not take the parameters ({faults.excerpt(str(error))}); "
                "remove embeddings.dimensions",
            ) from None

    def _check_width(self, vectors: Matrix) -> str | None:
        """What is wrong with the width of vectors, if anything; the first valid ones set it."""
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
        message = {
            _OTHER_WIDTH: f"{end.error}; set embeddings.dimensions to what it gives, or ask it by another name",
            "invalid": f"the vectors of {count} requests to {server.model!r} cannot be used ({end.error})",
        }.get(end.status)
        if message is not None:
            return MachineFault("invalid", message)
        where = server.api_base or self._route.provider
        return faults.machine_fault(end.status, server.model, where, end.error, count)

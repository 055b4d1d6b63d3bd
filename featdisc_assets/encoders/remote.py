"""Any embedding model that litellm reaches, as an encoder: vectors are stored as they come, so each is paid once."""

import asyncio
import dataclasses
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path

import numpy as np

from featdisc_assets.encoders.bundled import REMOTE, EncoderError
from featdisc_assets.encoders.calls import Calls
from featdisc_assets.encoders.codec import Matrix
from featdisc_assets.encoders.server import RequestOptions, Server, ServerState
from featdisc_assets.encoders.vector_store import Failure, VectorStore
from featdisc_assets.llm import faults, pricing, providers
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.background import background_loop
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import ModelError
from featdisc_assets.llm.gate import Gate
from featdisc_assets.llm.pricing import Price

_DIMENSIONS = " dimensions="
# Seconds that requests in flight get to end when a run stops early: they are paid already.
_DRAIN_S = 10.0


class RemoteEncoder:
    """A model behind litellm; nothing is sent before the first text.

    Args:
        server: The server asked; without a price of its own it has litellm's.
        answers: The home's answer file, where vectors and the ledger are stored.
        options: How requests are sent.
        budget: What the home may spend; None for no limit.
        retry_failed: Whether to ask again for texts that were refused for good.

    Attributes:
        identity: Model and dimensions.
        state: What the server's answers have shown so far.
        failures: Texts without a vector, and why.

    Raises:
        ModelError: If the model's key is missing, its provider unknown, or its price unknown under a budget.
    """

    def __init__(
        self,
        server: Server,
        answers: Path,
        *,
        options: RequestOptions = RequestOptions(),  # noqa: B008  (frozen)
        budget: Budget | None = None,
        retry_failed: bool = False,
    ) -> None:
        self.identity = identity(server.model, server.dimensions)
        self._route = check(server, budget_usd=None if budget is None else budget.limit_usd)
        self._server = dataclasses.replace(server, price=pricing.price(server.model, server.price))
        self._answers, self._options, self._budget, self._retry_failed = answers, options, budget, retry_failed
        self.state = ServerState(
            gate=Gate(options.limits),
            texts_a_request=options.texts_a_request,
            width=server.width or server.dimensions,
            takes_base64=self._route.provider == "openai",
        )
        self.failures: dict[str, Failure] = {}

    def encode(self, texts: list[str]) -> Matrix:
        """One unit row per text, in order; zeros for a text that the server refuses for good.

        Raises:
            EncoderError: If a text got no vector for a passing reason.
            MachineFault: If every request fails alike; vectors received so far are kept.
        """
        vectors = self.encode_most(texts)
        for text in texts:
            if (why := self.failures.get(text)) is not None and why.status in faults.PASSING:
                raise EncoderError(
                    f"{self._server.model!r} gave no vector of {text[:80]!r} ({why.status}: {why.error}); run again:"
                    " every vector so far is kept."
                )
        return vectors

    def encode_most(self, texts: Sequence[str]) -> Matrix:
        """One unit row per text, in order; zeros for a text without a vector for any reason, which `failures` has.

        Raises:
            MachineFault: If every request fails alike; vectors received so far are kept.
        """
        distinct = list(dict.fromkeys(texts))
        with AnswerStore(self._answers) as store:
            vectors = VectorStore(store, self.identity)
            found, refused = vectors.find(distinct)
            if self._retry_failed:
                refused = {text: why for text, why in refused.items() if text in self.failures}
            if left := [text for text in distinct if text not in found and text not in refused]:
                refused |= self._ask(left, store)
                found |= vectors.find(left)[0]
        self.failures |= refused
        width = self.state.width or (len(next(iter(found.values()))) if found else 0)
        zeros = np.zeros(width, np.float32)
        rows = [found.get(text, zeros) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, width), np.float32)

    def forget(self, texts: Sequence[str]) -> None:
        """Delete stored vectors that have been written elsewhere."""
        with AnswerStore(self._answers) as store:
            VectorStore(store, self.identity).forget(texts)

    def _ask(self, texts: list[str], store: AnswerStore) -> dict[str, Failure]:
        if self._budget is not None:
            self._budget.update_spent(store.spent_usd())  # other runs on this home may have spent meanwhile
        vectors = VectorStore(store, self.identity)
        calls = Calls(self._server, self.identity, self._route, self._options, self.state, vectors, self._budget)
        asking = asyncio.run_coroutine_threadsafe(calls.ask(texts), background_loop())
        try:
            asking.result()
        finally:
            self._stop_if_failed(asking)
        lasting = {text: why for text, why in calls.failures.items() if why.status not in faults.PASSING}
        vectors.put_failures(lasting.items())
        return calls.failures

    def _stop_if_failed(self, asking: "Future[None]") -> None:
        """After a failure: let requests in flight end, and replace the gate, since a closed one stays closed."""
        if asking.done() and not asking.cancelled() and asking.exception() is None:
            return
        background_loop().call_soon_threadsafe(self.state.gate.close)
        wait([asking], timeout=_DRAIN_S)
        asking.cancel()
        self.state.gate = Gate(self._options.limits)


def identity(model: str, dimensions: int | None) -> str:
    """All that decides a vector apart from its text; the server's address is not part of it, so it may move."""
    return f"{REMOTE}{model}" + (f"{_DIMENSIONS}{dimensions}" if dimensions else "")


def server_of(identity: str) -> Server:
    """The server of vectors of that identity, without an address or a price."""
    model, _, dimensions = identity.removeprefix(REMOTE).partition(_DIMENSIONS)
    return Server(model, int(dimensions) if dimensions else None)


def own_price(price_in: float | None) -> Price | None:
    """A user's price in dollars per million tokens as a `Price`; None for None."""
    return None if price_in is None else Price(price_in / 1e6, 0.0, price_in / 1e6)


def check(server: Server, *, budget_usd: float | None) -> providers.Route:
    """Check that a server can be asked and, under a budget, paid; sends nothing.

    Raises:
        ModelError: With what to do.
    """
    if budget_usd is not None and pricing.price(server.model, server.price) is None:
        raise ModelError(
            f"budget_usd is {budget_usd:g} but the price of {server.model!r} is unknown: set embeddings.price_in"
            " (dollars per million tokens, 0 for a server of your own), or leave the budget out"
        )
    return providers.check_model(server.model, server.api_base)

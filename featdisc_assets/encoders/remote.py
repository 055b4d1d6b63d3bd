"""Any embedding model that litellm reaches, as an encoder: asked over the network, paid, and never twice."""

import asyncio
import dataclasses
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path

import numpy as np

from featdisc_assets.encoders.bundled import REMOTE, EncoderError
from featdisc_assets.encoders.calls import Calls
from featdisc_assets.encoders.parse import Matrix
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
# Seconds that requests in flight are given to land when a run ends early: they are paid already.
_DRAIN_S = 10.0


class RemoteEncoder:
    """A model behind litellm; nothing is asked before the first text.

    Args:
        server: Who is asked; without a price of its own it has litellm's.
        answers: The home's file of answers: vectors and the ledger go there as they come.
        options: How hard it is pressed.
        budget: What the home may spend; None for no limit.
        retry_failed: Whether to ask again for texts that were refused for good.

    Attributes:
        identity: Model and dimensions.
        known: What asking it has told so far.
        failures: Texts that have no vector, and why.

    Raises:
        ModelError: If the model's key is missing, its provider unknown, or its price, where there is a budget.
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
        """A unit row a text, in order; zeros for a text that the server refuses.

        Raises:
            EncoderError: If a text got no vector for a reason that may pass.
            MachineFault: If none can be had; those received so far are kept.
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
        """The same, with zeros for a text without a vector whatever the reason; `failures` has it.

        Raises:
            MachineFault: If none can be had; those received so far are kept.
        """
        distinct = list(dict.fromkeys(texts))
        with AnswerStore(self._answers) as store:
            kept = VectorStore(store, self.identity)
            found, refused = kept.find(distinct)
            if self._retry_failed:
                refused = {text: why for text, why in refused.items() if text in self.failures}
            if left := [text for text in distinct if text not in found and text not in refused]:
                refused |= self._ask(left, kept)
                found |= kept.find(left)[0]
        self.failures |= refused
        width = self.state.width or (len(next(iter(found.values()))) if found else 0)
        nothing = np.zeros(width, np.float32)
        rows = [found.get(text, nothing) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, width), np.float32)

    def forget(self, texts: Sequence[str]) -> None:
        """Let go of vectors that are written elsewhere by now."""
        with AnswerStore(self._answers) as store:
            VectorStore(store, self.identity).forget(texts)

    def _ask(self, texts: list[str], kept: VectorStore) -> dict[str, Failure]:
        if self._budget is not None:
            self._budget.update_spent(kept.spent_usd())  # others on this home have spent meanwhile
        calls = Calls(self._server, self.identity, self._route, self._options, self.state, kept, self._budget)
        asking = asyncio.run_coroutine_threadsafe(calls.ask(texts), background_loop())
        try:
            asking.result()
        finally:
            self._end(asking)
        lasting = {text: why for text, why in calls.failures.items() if why.status not in faults.PASSING}
        kept.put_failures(lasting.items())
        return calls.failures

    def _end(self, asking: "Future[None]") -> None:
        """After a failure: let what is in flight land, and open another gate, since one that was shut stays shut."""
        if asking.done() and not asking.cancelled() and asking.exception() is None:
            return
        background_loop().call_soon_threadsafe(self.state.gate.close)
        wait([asking], timeout=_DRAIN_S)
        asking.cancel()
        self.state.gate = Gate(self._options.limits)


def identity(model: str, dimensions: int | None) -> str:
    """All that decides a vector but its text; where the server is does not count, so that it may move."""
    return f"{REMOTE}{model}" + (f"{_DIMENSIONS}{dimensions}" if dimensions else "")


def server_of(identity: str) -> Server:
    """Whom vectors of that identity come from, without an address or a price."""
    model, _, dimensions = identity.removeprefix(REMOTE).partition(_DIMENSIONS)
    return Server(model, int(dimensions) if dimensions else None)


def own_price(price_in: float | None) -> Price | None:
    """The price that somebody gave in dollars per million tokens, None if nobody did."""
    return None if price_in is None else Price(price_in / 1e6, 0.0, price_in / 1e6)


def check(server: Server, *, budget_usd: float | None) -> providers.Route:
    """Make sure that a server can be asked and, where there is a budget, paid; nothing is sent.

    Raises:
        ModelError: With what to do.
    """
    if budget_usd is not None and pricing.price(server.model, server.price) is None:
        raise ModelError(
            f"budget_usd is {budget_usd:g} and nobody knows what {server.model!r} costs: set embeddings.price_in"
            " (dollars per million tokens, 0 for a server of your own), or leave the budget out"
        )
    return providers.check_model(server.model, server.api_base)

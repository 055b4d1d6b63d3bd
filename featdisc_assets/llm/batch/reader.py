"""Selects the requests to send in batches, and writes them to files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.llm import faults, pricing
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import BatchStore
from featdisc_assets.llm.batch.file import Draft, body, line
from featdisc_assets.llm.budget import unknown_price
from featdisc_assets.llm.codec import text_of
from featdisc_assets.llm.lookup import resolve
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.request import Request


@dataclass
class Reader:
    """Writes requests to the files of batches, one file at a time for each model, address and price.

    Attributes:
        api: Returns the batch API of a model and an address.
        submit: Takes a full file.
        max_requests: Requests in a file at most.
        max_bytes: Bytes in a file at most; a larger request is not sent in a batch.
        max_usd: The highest cost of a file's requests in dollars; None for no limit, also with an unknown price.
        wanted: The batches of earlier runs that contain requests read here.
    """

    store: AnswerStore
    batches: BatchStore
    api: Callable[[str, str | None], BatchApi]
    submit: Callable[[Draft], None]
    max_requests: int
    max_bytes: int
    max_usd: float | None
    retry_failed: bool
    wanted: set[str] = field(default_factory=set)
    _drafts: dict[tuple[str, str | None, Price | None], Draft] = field(default_factory=dict)

    def read(self, block: list[Request]) -> None:
        """Write those of the requests to files that are to be sent in batches.

        Raises:
            ModelError: If a model has no batch API.
            MachineFault: If there is a budget and a price is unknown.
        """
        known = self.store.lookup([request.key for request in block])
        fresh: dict[str, Request] = {}
        for request in block:
            outcome, form, attempts = resolve(
                self.store, request, known.get(request.key, []), retry_failed=self.retry_failed
            )
            # An answer that needs a re-ask is left to live calls.
            needs_reask = any(attempt.status in (faults.ANSWERED, "truncated") for attempt in attempts)
            if outcome is None and not needs_reask:
                fresh.setdefault(form.key, form)
        held = self.batches.batch_of(list(fresh))
        self.wanted.update(held.values())
        for key, request in fresh.items():
            if key not in held:
                self._write(request)
        for draft in self._drafts.values():
            self._save_requests(draft)

    def finish(self) -> None:
        """Submit the files that are not full."""
        for at in list(self._drafts):
            self._submit(self._drafts.pop(at))

    def close(self) -> None:
        """Discard the files that are not full."""
        for draft in self._drafts.values():
            draft.file.close()

    def _write(self, request: Request) -> None:
        params = request.params
        api = self.api(request.model, params.api_base)
        price = pricing.price(request.model, params.price)
        price = price and price.discounted(pricing.BATCH_DISCOUNT)
        sent = body(request, api.route)
        usd = self._max_cost(request, sent, price)
        data = line(request.key, sent)
        if len(data) > self.max_bytes:
            return
        at = (request.model, params.api_base, price)
        draft = self._drafts.get(at)
        if draft is not None and not draft.has_room(data, usd):
            self._submit(self._drafts.pop(at))
            draft = None
        if draft is None:
            draft = self._drafts[at] = Draft(
                self.batches.begin(*at),
                self.store.path.parent,
                max_requests=self.max_requests,
                max_bytes=self.max_bytes,
                max_usd=self.max_usd,
            )
        draft.add(request, data, usd)

    def _max_cost(self, request: Request, sent: dict[str, Any], price: Price | None) -> float:
        if price is not None:
            return pricing.max_cost(text_of(sent), request.params.max_tokens, price)
        if self.max_usd is None:
            return 0.0
        raise unknown_price(request.model)

    def _save_requests(self, draft: Draft) -> None:
        self.batches.add(draft.batch, draft.unsaved)
        draft.unsaved.clear()

    def _submit(self, draft: Draft) -> None:
        self._save_requests(draft)
        self.batches.save(draft.batch)
        self.submit(draft)

"""Which requests go into batches, and into which files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.llm import faults, pricing
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import BatchStore
from featdisc_assets.llm.batch.file import Draft, body, line
from featdisc_assets.llm.faults import MachineFault
from featdisc_assets.llm.lookup import resolve
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.request import Request


@dataclass
class Reader:
    """Writes requests into the files of batches, one file at a time for each model, address and price.

    Attributes:
        store: The answers so far.
        batches: The batches so far.
        api: The batch API behind a model and an address.
        submit: Takes a full file.
        max_requests: Requests in a file at most.
        max_bytes: Bytes in a file at most; a request that is larger goes into none.
        max_usd: Dollars at most that a file's requests could cost; None for no limit, and for prices not to matter.
        retry_failed: Whether to ask again for what failed for good.
        wanted: The batches of earlier runs that hold requests met here.
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
        """Put those of the requests into files that are to be asked in batches.

        Raises:
            ModelError: If there are no batches for a model.
            MachineFault: If a budget wants a price that nobody knows.
        """
        known = self.store.lookup([request.key for request in block])
        fresh: dict[str, Request] = {}
        for request in block:
            outcome, form, attempts = resolve(
                self.store, request, known.get(request.key, []), retry_failed=self.retry_failed
            )
            # An answer that needs a second, better one is asked for where there is a second.
            begun = any(attempt.status in (faults.ANSWERED, "truncated") for attempt in attempts)
            if outcome is None and not begun:
                fresh.setdefault(form.key, form)
        held = self.batches.batch_of(list(fresh))
        self.wanted.update(held.values())
        for key, request in fresh.items():
            if key not in held:
                self._write(request)
        for draft in self._drafts.values():
            self._save_requests(draft)

    def finish(self) -> None:
        """Hand in the files that are not full."""
        for at in list(self._drafts):
            self._submit(self._drafts.pop(at))

    def close(self) -> None:
        """Drop the files that are not full."""
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
            said = "\n".join(str(message["content"]) for message in sent["messages"])
            return pricing.max_cost(said, request.params.max_tokens, price)
        if self.max_usd is None:
            return 0.0
        raise MachineFault(
            "budget",
            f"the price of {request.model!r} is not known, so that a budget cannot be kept; "
            "give rating_plan its price_in and price_out, or take budget_usd away",
        )

    def _save_requests(self, draft: Draft) -> None:
        self.batches.add(draft.batch, draft.unsaved)
        draft.unsaved.clear()

    def _submit(self, draft: Draft) -> None:
        self._save_requests(draft)
        self.batches.save(draft.batch)
        self.submit(draft)

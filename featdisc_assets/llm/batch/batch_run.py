"""One batch from its file to its answers, in steps that a killed run takes up where it was left."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import IO, TYPE_CHECKING

from featdisc_assets.llm import faults
from featdisc_assets.llm.batch import rows
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import CREATING, DONE, PREPARING, UNDER_WAY, UPLOADED, Batch, BatchStore
from featdisc_assets.llm.batch.retry_policy import GoneError, RetryPolicy
from featdisc_assets.llm.batch.rows import Counts
from featdisc_assets.llm.budget import Budget
from featdisc_assets.llm.faults import MachineFault

if TYPE_CHECKING:
    from openai.types import Batch as Described

_ENDINGS = {"completed": "completed", "failed": "failed", "expired": "expired", "cancelled": "was cancelled"}
# What a provider says of a batch that would pass the tokens it lets an account queue.
_QUEUE_FULL = "token_limit_exceeded"
# How often to look again for what may take a moment to show, and how long to wait in between at most.
_MAX_LOOKUPS = 3
_LOOKUP_S = 5.0


class BatchRun:
    """A batch on its way.

    Args:
        batch: The batch, as far as it is.
        api: Where it goes.
        batches: Where it is noted, and where its results go.
        poll_s: Seconds between two looks at it, at first; they grow to ten times as many.
        budget: What it is paid from.
        others: How many other batches of this run are being answered at this moment.
        is_wanted: Whether to wait for its end; asked after each look.
        file: Its requests, unless they were uploaded before; closed here.

    Attributes:
        counts: What came of it so far.
        note: What went wrong with it as a whole, in a sentence; None if nothing did.
    """

    def __init__(
        self,
        batch: Batch,
        api: BatchApi,
        batches: BatchStore,
        *,
        poll_s: float,
        budget: Budget | None,
        others: Callable[["BatchRun"], int],
        is_wanted: Callable[["BatchRun"], bool],
        file: IO[bytes] | None = None,
    ) -> None:
        self.batch, self._api, self._batches, self._file = batch, api, batches, file
        self._poll_s, self._budget, self._others, self._is_wanted = poll_s, budget, others, is_wanted
        self._retry_policy = RetryPolicy(batch, api, poll_s)
        self.counts = Counts()
        self.note: str | None = None

    @property
    def holds_file(self) -> bool:
        """Whether its file still lies on our disk."""
        return self._file is not None

    async def run(self) -> None:
        """Take all steps that are left; after the last, what came back is among the answers.

        Raises:
            ModelError: If the server has no batch API.
            MachineFault: If every further batch would fail alike, or the budget cannot pay this one.
        """
        reserved = 0.0
        try:
            reserved = await self._reserve()
            if self.batch.state == PREPARING:
                await self._upload()
            ended = await self._wait_until_ended()
            if ended is not None:
                await self._fetch(ended)
        except GoneError as error:
            self._finish(f"{self._api.server} does not know it any more ({error})")
        finally:
            self._close_file()
            # A batch that goes on without us is still to be paid.
            if self._budget is not None and self.batch.state not in (CREATING, UNDER_WAY):
                self._budget.settle(reserved, self.counts.cost_usd)

    async def _reserve(self) -> float:
        if self._budget is None:
            return 0.0
        try:
            await self._budget.reserve(self.batch.bound_usd)
        except MachineFault:
            if self.batch.state in (PREPARING, UPLOADED):
                raise
            return 0.0  # bought before: all that is left is to count it
        return self.batch.bound_usd

    async def _upload(self) -> None:
        file = self._file
        if file is None:
            raise ValueError(f"batch {self.batch.name} has no file to upload")
        self.batch.file_id = await self._retry_policy.run(
            lambda: self._api.upload(self.batch.name, file), weigh=self._retry_policy.weigh_upload
        )
        self._set_state(UPLOADED)
        self._close_file()

    async def _wait_until_ended(self) -> "Described | None":
        """The batch at its end; None if nobody wants to wait for it."""
        refusals = 0
        while True:
            if self.batch.state in (UPLOADED, CREATING):
                await self._create()
            ended = await self._poll()
            if ended is None or _failure(ended)[0] != _QUEUE_FULL:
                return ended
            others = self._others(self)
            refusals = 0 if others else refusals + 1
            self.batch.batch_id = None
            self._set_state(UPLOADED)
            if refusals > _MAX_LOOKUPS:
                raise self._too_large(_failure(ended)[1])
            await asyncio.sleep(self._poll_s)
            while others and self._others(self) >= others:
                await asyncio.sleep(self._poll_s)

    async def _create(self) -> None:
        # Before the call, since it may be heard and we not live to know.
        created = await self._find() if self.batch.state == CREATING else None
        failures = 0
        while created is None:
            self._set_state(CREATING)
            try:
                created = await self._api.create(self.batch.name, self.batch.file_id or "")
                break
            except self._api.failures as error:
                failed = error
            if (getattr(failed, "status_code", None) or 500) < 500:
                self._set_state(UPLOADED)  # refused, not unheard
            failures += 1
            await self._retry_policy.weigh_creation(failed, failures)
            created = await self._find() if self.batch.state == CREATING else None
        self.batch.batch_id = str(created.id)
        self._set_state(UNDER_WAY)

    async def _find(self) -> "Described | None":
        """The batch, if the provider created it unheard."""
        batch = self.batch
        for look in range(_MAX_LOOKUPS):
            if look:
                await asyncio.sleep(min(self._poll_s, _LOOKUP_S))
            found = await self._retry_policy.run(
                lambda: self._api.find(batch.name, batch.file_id or "", batch.created_at / 1_000_000)
            )
            if found is not None:
                return found
        return None

    async def _poll(self) -> "Described | None":
        pause, late = self._poll_s, 0
        while True:
            seen = await self._retry_policy.run(lambda: self._api.retrieve(self.batch.batch_id or ""))
            counted = seen.request_counts
            if counted is not None:
                self.counts.completed, self.counts.failed = counted.completed, counted.failed
            if seen.status in _ENDINGS:
                # The results of a completed batch may be named a moment later.
                late += seen.status == "completed" and not (seen.output_file_id or seen.error_file_id)
                if not late or late > _MAX_LOOKUPS or seen.output_file_id or seen.error_file_id:
                    return seen
            elif not self._is_wanted(self):
                return None
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, 10 * self._poll_s)

    async def _fetch(self, ended: "Described") -> None:
        """Take in what came back, whatever became of the batch as a whole."""
        if ended.status == "failed":
            code, message = _failure(ended)
            self._finish(f"it failed: {faults.excerpt(message)}")
            result = faults.classify(_BatchError(f"{code}: {message}"))
            if result.status in faults.MACHINE:
                raise MachineFault(
                    result.status, faults.advice(result.status, self.batch.model, self._api.server, result.error)
                )
            return
        for file_id in (ended.output_file_id, ended.error_file_id):
            if file_id:
                take = partial(rows.import_file, file_id, self.batch, self._api, self._batches, self.counts)
                await self._retry_policy.run(take)
        whole = ended.status == "completed"
        self._finish(None if whole else f"it {_ENDINGS[ended.status]}")

    def _too_large(self, message: str) -> MachineFault:
        self._finish("it is larger than the account may queue")
        return MachineFault(
            "rate_limited",
            f"{faults.redact(self._api.server)} does not queue a batch of {self.batch.n_requests} requests to "
            f"{self.batch.model!r}; make batches smaller or set mode: live, then run again "
            f"({faults.excerpt(message)})",
        )

    def _set_state(self, state: str) -> None:
        self.batch.state = state
        self._batches.save(self.batch)

    def _finish(self, note: str | None) -> None:
        left = self.counts.left = self.batch.n_requests - self._batches.count_imported(self.batch)
        if note is not None or left:
            name = self.batch.batch_id or self.batch.name
            of_all = f"{left} of its {self.batch.n_requests} requests came back without a result"
            self.note = f"batch {name}: {note}, and {of_all}" if note else f"batch {name}: {of_all}"
        self._set_state(DONE)

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _BatchError(Exception):
    """A failed batch in the form that `faults.classify` reads."""

    status_code = 400


def _failure(ended: "Described") -> tuple[str, str]:
    """Code and message of a batch that failed as a whole."""
    found = ended.errors.data if ended.status == "failed" and ended.errors is not None else None
    if not found:
        return "", "no reason was given" if ended.status == "failed" else ""
    return found[0].code or "", "; ".join(str(error.message) for error in found[:3])

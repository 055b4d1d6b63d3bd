"""One batch from its file to its answers, in steps that a later run resumes after a kill."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import IO, TYPE_CHECKING

from featdisc_assets.llm import faults
from featdisc_assets.llm.batch import rows
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import CREATING, DONE, PREPARING, UNDER_WAY, UPLOADED, Batch, BatchStore
from featdisc_assets.llm.batch.batch_usage import Counts
from featdisc_assets.llm.batch.steps import GoneError, Steps, creation_shows_no_api, upload_shows_no_api
from featdisc_assets.llm.budget import Budget, reservation
from featdisc_assets.llm.faults import MachineFault

if TYPE_CHECKING:
    from openai.types import Batch as BatchObject

_ENDINGS = {"completed": "completed", "failed": "failed", "expired": "expired", "cancelled": "was cancelled"}
# The code of a batch that would exceed the tokens that a provider queues for an account.
_QUEUE_FULL = "token_limit_exceeded"
# How often to look up what may take a moment to appear, and the longest wait in between.
_MAX_LOOKUPS = 3
_LOOKUP_S = 5.0


class BatchRun:
    """Carries one batch to its end.

    Args:
        batch: The batch, in any state.
        api: The API that it is sent to.
        batches: Where its state and its results are stored.
        poll_s: Seconds between two polls at first; they grow to ten times as many.
        budget: What it is paid from.
        others: The number of other batches of this run that are being answered now.
        is_wanted: Whether to wait for its end; asked after each poll.
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
        is_wanted: Callable[[], bool],
        file: IO[bytes] | None = None,
    ) -> None:
        self.batch, self._api, self._batches, self._file = batch, api, batches, file
        self._poll_s, self._budget, self._others, self._is_wanted = poll_s, budget, others, is_wanted
        self._steps = Steps(batch, api, poll_s)
        self.counts = Counts()
        self.note: str | None = None

    @property
    def holds_file(self) -> bool:
        """Whether its file is still on our disk."""
        return self._file is not None

    async def run(self) -> None:
        """Take all remaining steps; after the last, the results are in the answer store.

        Raises:
            ModelError: If the server has no batch API.
            MachineFault: If every further batch would fail alike, or the budget cannot pay this one.
        """
        is_bought = self.batch.state not in (PREPARING, UPLOADED)
        try:
            async with reservation(self._budget, self.batch.bound_usd, is_bought=is_bought) as reserved:
                try:
                    await self._take_steps()
                finally:
                    reserved.paid_usd = self.counts.cost_usd
                    # A batch that goes on after this run is still to be paid.
                    reserved.is_open = self.batch.state in (CREATING, UNDER_WAY)
        finally:
            self._close_file()

    async def _take_steps(self) -> None:
        try:
            if self.batch.state == PREPARING:
                await self._upload()
            ended = await self._wait_until_ended()
            if ended is not None:
                await self._fetch(ended)
        except GoneError as error:
            self._finish(f"{self._api.server} does not know it any more ({error})")

    async def _upload(self) -> None:
        file = self._file
        if file is None:
            raise ValueError(f"batch {self.batch.name} has no file to upload")
        self.batch.file_id = await self._steps.run(lambda: self._api.upload(self.batch.name, file), upload_shows_no_api)
        self._set_state(UPLOADED)
        self._close_file()

    async def _wait_until_ended(self) -> "BatchObject | None":
        """The batch at its end; None if nobody wants to wait for it."""
        refusals = 0
        while True:
            if self.batch.state in (UPLOADED, CREATING):
                created = await self._steps.run(self._create, creation_shows_no_api)
                self.batch.batch_id = str(created.id)
                self._set_state(UNDER_WAY)
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

    async def _create(self) -> "BatchObject":
        # The provider may have created it although its response was lost.
        created = await self._find() if self.batch.state == CREATING else None
        if created is not None:
            return created
        # Saved before the call, since the provider may act on it and we may be killed before the response.
        self._set_state(CREATING)
        try:
            return await self._api.create(self.batch.name, self.batch.file_id or "")
        except self._api.failures as error:
            if (getattr(error, "status_code", None) or 500) < 500:
                self._set_state(UPLOADED)  # refused, so it was not created
            raise

    async def _find(self) -> "BatchObject | None":
        """The batch at the provider, if it was created."""
        batch = self.batch
        for lookup in range(_MAX_LOOKUPS):
            if lookup:
                await asyncio.sleep(min(self._poll_s, _LOOKUP_S))
            found = await self._steps.run(
                lambda: self._api.find(batch.name, batch.file_id or "", batch.created_at / 1_000_000)
            )
            if found is not None:
                return found
        return None

    async def _poll(self) -> "BatchObject | None":
        pause, late = self._poll_s, 0
        while True:
            seen = await self._steps.run(lambda: self._api.retrieve(self.batch.batch_id or ""))
            counted = seen.request_counts
            if counted is not None:
                self.counts.completed, self.counts.failed = counted.completed, counted.failed
            if seen.status in _ENDINGS:
                # A completed batch may name its result files a moment later.
                late += seen.status == "completed" and not (seen.output_file_id or seen.error_file_id)
                if not late or late > _MAX_LOOKUPS or seen.output_file_id or seen.error_file_id:
                    return seen
            elif not self._is_wanted():
                return None
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, 10 * self._poll_s)

    async def _fetch(self, ended: "BatchObject") -> None:
        """Import the results, whatever became of the batch as a whole."""
        if ended.status == "failed":
            code, message = _failure(ended)
            self._finish(f"it failed: {faults.excerpt(message)}")
            result = faults.classify(_BatchError(f"{code}: {message}"))
            if result.status in faults.MACHINE:
                raise faults.machine_fault(result.status, self.batch.model, self._api.server, result.error)
            return
        for file_id in (ended.output_file_id, ended.error_file_id):
            if file_id:
                await self._steps.run(
                    partial(rows.import_file, file_id, self.batch, self._api, self._batches, self.counts)
                )
        self._finish(None if ended.status == "completed" else f"it {_ENDINGS[ended.status]}")

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


def _failure(ended: "BatchObject") -> tuple[str, str]:
    """Code and message of a batch that failed as a whole."""
    found = ended.errors.data if ended.status == "failed" and ended.errors is not None else None
    if not found:
        return "", "no reason was given" if ended.status == "failed" else ""
    return found[0].code or "", "; ".join(str(error.message) for error in found[:3])

"""How often a step of a batch is tried again, and which failures end the run instead."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from featdisc_assets.llm import faults
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import Batch
from featdisc_assets.llm.faults import MachineFault, ModelError

# Failures in a row until a step is given up: more than an hour of them, at the usual waits.
_MAX_FAILURES = 20
_LONGEST_WAIT_S = 300.0
# How a server answers at an address that it does not have.
_NO_API = (404, 405, 501)

T = TypeVar("T")


class GoneError(Exception):
    """The provider does not know a batch or a file any more."""


class RetryPolicy:
    """What to make of failures of the batch API.

    Args:
        batch: The batch that the steps are of.
        api: Whose failures.
        wait_s: Seconds to wait after the first; doubled after each further one.
    """

    def __init__(self, batch: Batch, api: BatchApi, wait_s: float) -> None:
        self._batch, self._api, self._wait_s = batch, api, wait_s

    async def run(
        self, step: Callable[[], Awaitable[T]], weigh: Callable[[Exception, int], Awaitable[None]] | None = None
    ) -> T:
        """Take a step that may be taken twice, until it succeeds; `weigh` judges its failures in place of ours.

        Raises:
            GoneError: If what it is about is no more.
            MachineFault: If it would fail again.
        """
        failures = 0
        while True:
            try:
                return await step()
            except self._api.failures as error:
                failed = error
            # Out here, so that what is raised does not carry the failure along: it holds the key.
            failures += 1
            await (weigh or self.weigh)(failed, failures)

    async def weigh(self, error: Exception, failures: int) -> None:
        """Wait before the next try after so many failures in a row, if there is to be one.

        Raises:
            GoneError: If what it is about is no more.
            MachineFault: If the next would fail too.
        """
        result = faults.classify(error)
        code, words = getattr(error, "status_code", None), str(error).lower()
        if code == 404 or (code == 400 and "no such file" in words):
            raise GoneError(result.error)
        model, server = self._batch.model, faults.redact(self._api.server)
        if result.status in faults.MACHINE:
            raise MachineFault(result.status, faults.advice(result.status, model, server, result.error))
        if result.status not in faults.PASSING:
            raise MachineFault(
                result.status,
                f"{server} rejected a batch of {self._batch.n_requests} requests to {model!r}; "
                f"make batches smaller or set mode: live, then run again ({result.error})",
            )
        if failures >= _MAX_FAILURES:
            raise MachineFault(
                result.status,
                f"{server} failed {failures} times in a row over a batch to {model!r}; see whether it is up, "
                f"then run again: what was handed in is not lost ({result.error})",
            )
        response = getattr(error, "response", None)
        asked = result.retry_after_s or faults.retry_after(getattr(response, "headers", None))
        longest = min(_LONGEST_WAIT_S, self._wait_s * 2 ** (failures - 1))
        await asyncio.sleep(asked or longest * random.uniform(0.5, 1.0))

    async def weigh_upload(self, error: Exception, failures: int) -> None:
        """The same for an upload, where a server shows first that it has no batch API.

        Raises:
            ModelError: If so.
        """
        if getattr(error, "status_code", None) in _NO_API:
            raise self._no_api()
        await self.weigh(error, failures)

    async def weigh_creation(self, error: Exception, failures: int) -> None:
        """The same for the creation of a batch; a server may know files and no batches.

        Raises:
            ModelError: If so.
        """
        if getattr(error, "status_code", None) in _NO_API and "file" not in str(error).lower():
            raise self._no_api()
        await self.weigh(error, failures)

    def _no_api(self) -> ModelError:
        server = faults.redact(self._api.server)
        return ModelError(f"{server} has no batch API for {self._batch.model!r}; set mode: live")

"""The steps of a batch against the batch API: repeated after passing failures, ended by all others."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from featdisc_assets.llm import faults
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.batch.batch_store import Batch
from featdisc_assets.llm.faults import MachineFault, ModelError
from featdisc_assets.llm.retry_policy import Retries, backoff_s

# Failures in a row before a step is given up: more than an hour of them, at the usual waits.
_MAX_FAILURES = 20
_LONGEST_BACKOFF_S = 300.0
# How a server answers at an address that it does not have.
_NO_API = (404, 405, 501)

T = TypeVar("T")


class GoneError(Exception):
    """The provider does not know a batch or a file any more."""


class Steps:
    """Runs the steps of one batch.

    Args:
        batch: The batch.
        api: The API that the steps call.
        wait_s: Seconds to wait after the first failure of a step; doubled after each further one.
    """

    def __init__(self, batch: Batch, api: BatchApi, wait_s: float) -> None:
        self._batch, self._api, self._wait_s = batch, api, wait_s

    async def run(
        self, step: Callable[[], Awaitable[T]], shows_no_api: Callable[[Exception], bool] = lambda error: False
    ) -> T:
        """Take a step that may be repeated, until it succeeds.

        Args:
            step: The step.
            shows_no_api: Whether a failure means that the server has no batch API.

        Raises:
            GoneError: If the provider does not know the batch or file any more.
            ModelError: If the server has no batch API.
            MachineFault: If the step would fail again.
        """
        retries = Retries(throttled_apart=False)
        while True:
            try:
                return await step()
            except self._api.failures as error:
                failed = error
            # Outside the handler, so that what is raised has no reference to the failure, which holds the key.
            if shows_no_api(failed):
                server = faults.redact(self._api.server)
                raise ModelError(f"{server} has no batch API for {self._batch.model!r}; set mode: live")
            await self._back_off(failed, retries)

    async def _back_off(self, error: Exception, retries: Retries) -> None:
        """Wait before the next attempt, or raise if there is to be none."""
        result = faults.classify(error)
        code, words = getattr(error, "status_code", None), str(error).lower()
        if code == 404 or (code == 400 and "no such file" in words):
            raise GoneError(result.error)
        model, server = self._batch.model, faults.redact(self._api.server)
        if result.status in faults.MACHINE:
            raise faults.machine_fault(result.status, model, server, result.error)
        if result.status not in faults.PASSING:
            raise MachineFault(
                result.status,
                f"{server} rejected a batch of {self._batch.n_requests} requests to {model!r}; "
                f"make batches smaller or set mode: live, then run again ({result.error})",
            )
        if not retries.allows(result.status, _MAX_FAILURES):
            raise MachineFault(
                result.status,
                f"{server} failed {retries.failures} times in a row over a batch to {model!r}; see whether it is up, "
                f"then run again: what was handed in is not lost ({result.error})",
            )
        response = getattr(error, "response", None)
        asked = result.retry_after_s or faults.retry_after(getattr(response, "headers", None))
        longest = backoff_s(self._wait_s, retries.backoff_step(result.status), _LONGEST_BACKOFF_S)
        await asyncio.sleep(asked or longest * random.uniform(0.5, 1.0))


def upload_shows_no_api(error: Exception) -> bool:
    """Whether a failed upload means that the server has no batch API."""
    return getattr(error, "status_code", None) in _NO_API


def creation_shows_no_api(error: Exception) -> bool:
    """Whether a failed creation means that the server, although it has files, has no batches."""
    return upload_shows_no_api(error) and "file" not in str(error).lower()

"""OpenAI's batch API: files and batches of one account or server.

Key and address come from litellm, the calls are those of OpenAI's client. litellm's own calls open a client each and
never close it: when it is garbage-collected, its late close takes the socket of another call, which then hangs for ten
minutes. They also download all results of a finished batch a second time, into memory, to log costs.
"""

from collections.abc import AsyncIterator, Awaitable
from typing import IO, TYPE_CHECKING, TypeVar

from featdisc_assets.llm import faults, providers
from featdisc_assets.llm.batch.file import ENDPOINT
from featdisc_assets.llm.faults import ModelError

if TYPE_CHECKING:
    from openai.types import Batch as BatchObject

# The metadata key of our name of a batch.
_NAME = "name"
_PAGE = 100
_CHUNK = 256 * 1024
# Our clock may differ from the provider's by this much.
_CLOCK_SKEW_S = 3600
# Between two reads of a response; large files take longer.
_TIMEOUT_S = 60.0
_FILE_TIMEOUT_S = 600.0

T = TypeVar("T")


class BatchApi:
    """The batch API of a model, for one event loop. No call is retried here.

    Args:
        model: A litellm model string.
        api_base: The address of the user's own server, if any.

    Attributes:
        route: Where the model is.
        server: The server's name in messages.
        failures: The exceptions that calls raise if the server or the network fails.

    Raises:
        ModelError: If there is no batch API for the model, its key is missing, or its address has a password, which
            would be stored with its batches.
    """

    def __init__(self, model: str, api_base: str | None) -> None:
        self.route = providers.check_model(model, api_base)
        if self.route.provider != "openai":
            raise ModelError(
                f"{model!r} cannot be asked in batches: that speaks OpenAI's batch API, and {self.route.provider} "
                "has none; set mode: live, or choose an openai/ model"
            )
        if api_base and faults.redact(api_base) != api_base:
            raise ModelError(
                f"the address {faults.redact(api_base)} holds a password, which would be stored with the batches; "
                "put it into OPENAI_API_KEY, or set mode: live"
            )
        import httpx  # noqa: PLC0415
        import openai  # noqa: PLC0415  (as slow to import as litellm)
        from litellm.llms.openai.common_utils import get_openai_credentials  # noqa: PLC0415

        self.server = api_base or self.route.provider
        self.failures: tuple[type[Exception], ...] = (OSError, httpx.HTTPError, openai.OpenAIError)
        found = get_openai_credentials(api_base=api_base, api_key=self.route.api_key)
        self._client = openai.AsyncOpenAI(
            api_key=found.api_key,
            base_url=found.api_base,
            organization=found.organization,
            timeout=_TIMEOUT_S,
            max_retries=0,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def upload(self, name: str, file: IO[bytes]) -> str:
        """Upload a file of requests; returns its id."""
        file.seek(0)
        named = (f"{name}.jsonl", file, "application/jsonl")
        given = await self._ask(self._client.files.create(file=named, purpose="batch", timeout=_FILE_TIMEOUT_S))
        return given.id

    async def create(self, name: str, file_id: str) -> "BatchObject":
        """Create a batch of a file's requests, to be answered within a day."""
        return await self._ask(
            self._client.batches.create(
                completion_window="24h", endpoint=ENDPOINT, input_file_id=file_id, metadata={_NAME: name}
            )
        )

    async def find(self, name: str, file_id: str, since: float) -> "BatchObject | None":
        """A batch of this name or file, made after `since` (seconds since 1970), unless it has failed."""
        from openai import Omit, omit  # noqa: PLC0415  (slow, and only needed for batches)

        after: str | Omit = omit
        while True:
            page = await self._ask(self._client.batches.list(limit=_PAGE, after=after))
            for batch in page.data:
                if batch.created_at < since - _CLOCK_SKEW_S:
                    return None  # batches are listed newest first
                ours = batch.input_file_id == file_id or (batch.metadata or {}).get(_NAME) == name
                if ours and batch.status != "failed":
                    return batch
            if not page.data or not page.has_more:
                return None
            after = page.data[-1].id

    async def retrieve(self, batch_id: str) -> "BatchObject":
        """The batch in its current state."""
        return await self._ask(self._client.batches.retrieve(batch_id))

    async def lines(self, file_id: str) -> AsyncIterator[bytes]:
        """A file's lines as they arrive; a broken transfer raises before its incomplete last line."""
        rest = b""
        files = self._client.files.with_streaming_response
        async with files.content(file_id, timeout=_FILE_TIMEOUT_S) as response:
            async for chunk in response.iter_bytes(_CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    if line.strip():
                        yield line
        if rest.strip():
            yield rest

    async def _ask(self, call: Awaitable[T]) -> T:
        try:
            given = await call
        except AttributeError:
            given = None
        # The client returns an HTML page as text, or raises an AttributeError on it.
        if given is None or isinstance(given, str):
            raise ConnectionError(f"{faults.redact(self.server)} did not answer like a batch API")
        return given

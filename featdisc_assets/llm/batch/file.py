"""The file of a batch: a line for each request, with the same body as a live call."""

import functools
import tempfile
from pathlib import Path
from typing import IO, Any, Final

import orjson

from featdisc_assets.llm import codec, providers
from featdisc_assets.llm.batch.batch_store import Batch
from featdisc_assets.llm.faults import ModelError
from featdisc_assets.llm.providers import Route
from featdisc_assets.llm.request import Request

ENDPOINT: Final = "/v1/chat/completions"
# OpenAI's limits; that of bytes is 200 MB, and we stay below it.
MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000


def line(key: str, sent: dict[str, Any]) -> bytes:
    """A request's line in a batch's file; its key is the id that its result will have."""
    row = {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": sent}
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def body(request: Request, route: Route) -> dict[str, Any]:
    """The body that litellm would post to the provider for this request.

    Raises:
        ModelError: If the model is not available at the endpoint of batches.
    """
    given = codec.encode(request, route)
    model, messages = given.pop("model"), given.pop("messages")
    name, config = _config(model)
    parameters: dict[str, Any] = orjson.loads(_parameters(model, orjson.dumps(given, option=orjson.OPT_SORT_KEYS)))
    sent: dict[str, Any] = config.transform_request(name, messages, parameters, {}, {})
    return sent


@functools.lru_cache(maxsize=64)
def _config(model: str) -> tuple[str, Any]:
    """The model's name without its provider, and litellm's config that transforms its requests."""
    litellm = providers.load_litellm()
    name, provider, _, _ = litellm.get_llm_provider(model=model)
    if litellm.model_cost.get(name, {}).get("mode") == "responses":
        raise ModelError(f"{model!r} cannot be asked in batches, since it is not at {ENDPOINT}; set mode: live")
    of = litellm.types.utils.LlmProviders(provider)
    return name, litellm.utils.ProviderConfigManager.get_provider_chat_config(model=name, provider=of)


@functools.lru_cache(maxsize=64)
def _parameters(model: str, given: bytes) -> bytes:
    """Parameters by the model's own names: a reasoning model has another name for its limit, for example."""
    name, _ = _config(model)
    parameters = providers.load_litellm().get_optional_params(
        model=name, custom_llm_provider="openai", drop_params=True, **orjson.loads(given)
    )
    for name in ("stream", "extra_headers", "extra_query"):
        parameters.pop(name, None)
    # OpenAI's client merges `extra_body` into the body.
    extra = parameters.pop("extra_body", None) or {}
    return orjson.dumps(parameters | extra)


class Draft:
    """A batch's file while it is written: on disk without a name, so that it is gone with the process.

    Args:
        batch: The batch.
        folder: A folder on the disk to write to.
        max_requests: Lines at most.
        max_bytes: Bytes at most.
        max_usd: The highest cost of all its requests in dollars; None for no limit.

    Attributes:
        file: The file, open.
        unsaved: Requests in the file that are not in the batch store yet.
    """

    def __init__(self, batch: Batch, folder: Path, *, max_requests: int, max_bytes: int, max_usd: float | None) -> None:
        self.batch = batch
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (lives until it is uploaded)
        self.unsaved: list[Request] = []
        self._max_requests, self._max_bytes, self._max_usd = max_requests, max_bytes, max_usd
        self._n_bytes = 0

    def has_room(self, data: bytes, usd: float) -> bool:
        """Whether a line fits, of a request whose highest cost is `usd`; the first always does."""
        batch = self.batch
        return batch.n_requests == 0 or (
            batch.n_requests < self._max_requests
            and self._n_bytes + len(data) <= self._max_bytes
            and (self._max_usd is None or batch.bound_usd + usd <= self._max_usd)
        )

    def add(self, request: Request, data: bytes, usd: float) -> None:
        """Write a line."""
        self.file.write(data)
        self.unsaved.append(request)
        self._n_bytes += len(data)
        self.batch.n_requests += 1
        self.batch.bound_usd += usd

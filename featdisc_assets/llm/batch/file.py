"""The file of a batch: a line for each request, with the very body that asking it by itself would send."""

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
# OpenAI's limits; 200 MB is its limit of bytes, and nothing is gained by going to the edge.
MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000


def line(key: str, sent: dict[str, Any]) -> bytes:
    """A request's line in a batch's file; its key is the id that its result will carry."""
    row = {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": sent}
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def body(request: Request, route: Route) -> dict[str, Any]:
    """What litellm would post to the provider for this request.

    Raises:
        ModelError: If the model is not asked at the endpoint that batches are for.
    """
    given = codec.encode(request, route)
    model, messages = given.pop("model"), given.pop("messages")
    name, form = _form(model)
    terms: dict[str, Any] = orjson.loads(_terms(model, orjson.dumps(given, option=orjson.OPT_SORT_KEYS)))
    sent: dict[str, Any] = form.transform_request(name, messages, terms, {}, {})
    return sent


@functools.lru_cache(maxsize=64)
def _form(model: str) -> tuple[str, Any]:
    """The model's name without its provider, and what litellm forms its requests with."""
    litellm = providers.load_litellm()
    name, provider, _, _ = litellm.get_llm_provider(model=model)
    if litellm.model_cost.get(name, {}).get("mode") == "responses":
        raise ModelError(f"{model!r} cannot be asked in batches, since it is not at {ENDPOINT}; set mode: live")
    of = litellm.types.utils.LlmProviders(provider)
    return name, litellm.utils.ProviderConfigManager.get_provider_chat_config(model=name, provider=of)


@functools.lru_cache(maxsize=64)
def _terms(model: str, given: bytes) -> bytes:
    """Parameters in the model's own terms: a reasoning model takes its limit by another name, say."""
    name, _ = _form(model)
    terms = providers.load_litellm().get_optional_params(
        model=name, custom_llm_provider="openai", drop_params=True, **orjson.loads(given)
    )
    for beside in ("stream", "extra_headers", "extra_query"):
        terms.pop(beside, None)
    # The client's way of sending what it has no name for.
    unnamed = terms.pop("extra_body", None) or {}
    return orjson.dumps(terms | unnamed)


class Draft:
    """A batch's file while it is being written: on disk under no name, so that nothing of it outlives the process.

    Args:
        batch: The batch.
        folder: The disk to write on.
        max_requests: Lines at most.
        max_bytes: Bytes at most.
        max_usd: Dollars at most that its requests could cost; None for no limit.

    Attributes:
        file: The file, open.
        unsaved: Requests in the file that are not in the books yet.
    """

    def __init__(self, batch: Batch, folder: Path, *, max_requests: int, max_bytes: int, max_usd: float | None) -> None:
        self.batch = batch
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (lives until it is uploaded)
        self.unsaved: list[Request] = []
        self._max_requests, self._max_bytes, self._max_usd = max_requests, max_bytes, max_usd
        self._n_bytes = 0

    def has_room(self, data: bytes, usd: float) -> bool:
        """Whether another line, of a request that can cost so much, still fits; the first always does."""
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

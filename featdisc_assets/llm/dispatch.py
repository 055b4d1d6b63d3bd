"""Direct dispatch through litellm: its provider code, without the work that `litellm.acompletion` adds to each call.

`litellm.acompletion` also computes a cost, logs the call and changes threads, and it reaches OpenAI through a client
that builds several models of each answer: most of its CPU time, for things that are not needed here.
`litellm.completion(acompletion=True)` does none of that if it is given a log and a client. Parameters, addresses, keys,
answers and errors are still litellm's. With a litellm that does not support this, calls take more CPU time.
"""

import asyncio
import datetime
import functools
import inspect
import logging
import os
from collections.abc import Coroutine
from types import ModuleType
from typing import Any

from featdisc_assets.llm import providers

_log = logging.getLogger(__name__)

# Makes litellm use the HTTP client it is given for OpenAI too, as it does for most other providers.
_HTTP_SWITCH = "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"
# Their calls use the HTTP client that litellm is given and never block before, so they may run on the event loop.
_DIRECT = frozenset(
    {
        *("openai", "anthropic", "gemini", "hosted_vllm", "deepseek", "fireworks_ai", "groq", "mistral", "ollama_chat"),
        *("openrouter", "together_ai", "xai"),
    }
)
# OpenAI's organisation headers, by the environment variable that its own client reads.
_OPENAI_HEADERS = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}

_supported: bool | None = None


async def complete(provider: str, given: dict[str, Any]) -> Any:  # noqa: ANN401  (a litellm.ModelResponse)
    """One HTTP request, as `litellm.acompletion` would make it.

    Args:
        provider: litellm's name of the provider.
        given: Arguments of `litellm.acompletion`.

    Raises:
        Exception: What `litellm.acompletion` raises: litellm's own exceptions, with the headers of the response.
    """
    litellm = providers.load_litellm()
    # Providers of plain text completions answer in another format, which only `acompletion` translates.
    if not await _is_supported(litellm) or provider.startswith("text-completion"):
        return await litellm.acompletion(**given)
    try:
        return await _start(litellm, provider, given)
    except Exception as error:
        raise litellm.exception_type(given["model"], _original_error(error, provider), provider) from error


async def _is_supported(litellm: ModuleType) -> bool:
    """Whether this litellm supports direct dispatch: tried once, with a client that answers itself."""
    global _supported  # noqa: PLW0603  (one litellm a program)
    if _supported is None:
        os.environ.setdefault(_HTTP_SWITCH, "True")
        probe = {"model": "openai/probe", "messages": [{"role": "user", "content": "?"}], "api_key": "none"}
        try:
            response = await _dispatch(
                litellm, probe | {"api_base": "http://127.0.0.1:1", "client": _client(echo=True)}
            )
            if response.choices[0].message.content != "!":
                raise ValueError("it returns another answer than it received")
            _supported = True
        except Exception as error:  # any failure means that it is not supported
            _supported = False
            _log.warning("this litellm does not support direct dispatch (%r), so calls take more CPU time", error)
        if not _supported or "OPENAI_CUSTOM_HEADERS" in os.environ:  # only OpenAI's client reads these
            os.environ.pop(_HTTP_SWITCH, None)
    return _supported


async def _start(litellm: ModuleType, provider: str, given: dict[str, Any]) -> Any:  # noqa: ANN401
    if any(provider == own["provider"] for own in litellm.custom_provider_map):
        return await _dispatch(litellm, given)
    if provider in _DIRECT and (provider != "openai" or _HTTP_SWITCH in os.environ):
        client = {"client": _client()}
        return await _dispatch(litellm, (_with_organisation(given) if provider == "openai" else given) | client)
    # The switch also affects some of the others, and not all of them work without OpenAI's client.
    os.environ.pop(_HTTP_SWITCH, None)
    started = await asyncio.to_thread(_dispatch, litellm, given)  # may block for a token, or for the whole answer
    return await started if inspect.isawaitable(started) else started


def _dispatch(litellm: ModuleType, given: dict[str, Any]) -> Coroutine[Any, Any, Any]:
    log = _silent_log()(
        model=given["model"],
        messages=given["messages"],
        stream=False,
        call_type="acompletion",
        start_time=datetime.datetime.now(),
        litellm_call_id="",
        function_id="",
    )
    started: Coroutine[Any, Any, Any] = litellm.completion(acompletion=True, litellm_logging_obj=log, **given)
    return started


def _with_organisation(given: dict[str, Any]) -> dict[str, Any]:
    """Add the headers of variables that OpenAI's own client reads, and litellm does not."""
    headers = {header: os.environ[name] for name, header in _OPENAI_HEADERS.items() if os.environ.get(name)}
    return given | {"extra_headers": headers | (given.get("extra_headers") or {})} if headers else given


def _original_error(error: BaseException, provider: str) -> BaseException:
    """The error for litellm to classify: for OpenAI the refusal itself, which has more details."""
    from featdisc_assets.llm.http_client import StatusError  # noqa: PLC0415

    cause: BaseException | None = error
    while provider == "openai" and cause is not None:
        if isinstance(cause, StatusError):
            return cause.as_openai()
        cause = cause.__context__
    return error


@functools.cache
def _client(*, echo: bool = False) -> Any:  # noqa: ANN401
    from featdisc_assets.llm.http_client import EchoClient, HttpClient  # noqa: PLC0415  (imports litellm)

    return EchoClient() if echo else HttpClient()


@functools.cache
def _silent_log() -> type[Any]:
    from litellm.litellm_core_utils.litellm_logging import Logging  # noqa: PLC0415  (only needed where a model is asked)

    class SilentLog(Logging):
        """litellm's log of a call, without the key and the piece."""

        def pre_call(self, *_: object, **__: object) -> None: ...

        def post_call(self, *_: object, **__: object) -> None: ...

    return SilentLog

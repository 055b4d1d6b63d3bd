"""The short way through litellm: what it does to reach a provider, without what it does around every call.

`litellm.acompletion` also works out a cost, logs a success and changes threads, and it reaches OpenAI through a client
that builds several models of each answer: most of its CPU time, for things that are done elsewhere here or not at all.
`litellm.completion(acompletion=True)` does none of that when it is handed a log and a client. Parameters, addresses,
keys, answers and errors stay litellm's affair. A litellm that knows this way no more costs speed, not function.
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
_SWITCH = "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"
# Their calls go through the HTTP client that litellm is given, and never wait before: safe on the event loop.
_DIRECT = frozenset(
    {
        *("openai", "anthropic", "gemini", "hosted_vllm", "deepseek", "fireworks_ai", "groq", "mistral", "ollama_chat"),
        *("openrouter", "together_ai", "xai"),
    }
)
# What the organisation is called in OpenAI's headers, by the variable that its own client would read it from.
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
    # What completes bare text says it in another form, which the long way translates.
    if not await _is_supported(litellm) or provider.startswith("text-completion"):
        return await litellm.acompletion(**given)
    try:
        return await _start(litellm, provider, given)
    except Exception as error:
        raise litellm.exception_type(given["model"], _original_error(error, provider), provider) from error


async def _is_supported(litellm: ModuleType) -> bool:
    """Whether this litellm can be called the short way: tried once, on an answer of our own."""
    global _supported  # noqa: PLW0603  (one litellm a program)
    if _supported is None:
        os.environ.setdefault(_SWITCH, "True")
        probe = {"model": "openai/probe", "messages": [{"role": "user", "content": "?"}], "api_key": "none"}
        try:
            response = await _dispatch(
                litellm, probe | {"api_base": "http://127.0.0.1:1", "client": _client(echo=True)}
            )
            if response.choices[0].message.content != "!":
                raise ValueError("it gives another answer than it got")
            _supported = True
        except Exception as error:  # whatever it is, the way is not there
            _supported = False
            _log.warning("this litellm has no short way any more (%r), so calls take more CPU time", error)
        if not _supported or "OPENAI_CUSTOM_HEADERS" in os.environ:  # these OpenAI's client alone can read
            os.environ.pop(_SWITCH, None)
    return _supported


async def _start(litellm: ModuleType, provider: str, given: dict[str, Any]) -> Any:  # noqa: ANN401
    if any(provider == own["provider"] for own in litellm.custom_provider_map):
        return await _dispatch(litellm, given)
    if provider in _DIRECT and (provider != "openai" or _SWITCH in os.environ):
        client = {"client": _client()}
        return await _dispatch(litellm, (_with_organisation(given) if provider == "openai" else given) | client)
    # Some of the others obey the switch too, and not all of them can do without OpenAI's client.
    os.environ.pop(_SWITCH, None)
    begun = await asyncio.to_thread(_dispatch, litellm, given)  # may wait for a token, or for the whole answer
    return await begun if inspect.isawaitable(begun) else begun


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
    begun: Coroutine[Any, Any, Any] = litellm.completion(acompletion=True, litellm_logging_obj=log, **given)
    return begun


def _with_organisation(given: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's own client reads these variables; litellm does not."""
    headers = {header: os.environ[name] for name, header in _OPENAI_HEADERS.items() if os.environ.get(name)}
    return given | {"extra_headers": headers | (given.get("extra_headers") or {})} if headers else given


def _original_error(error: BaseException, provider: str) -> BaseException:
    """The error for litellm to judge: for OpenAI the refusal itself, from which litellm reads more."""
    from featdisc_assets.llm.http_client import StatusError  # noqa: PLC0415

    cause: BaseException | None = error
    while provider == "openai" and cause is not None:
        if isinstance(cause, StatusError):
            return cause.as_openai()
        cause = cause.__context__
    return error


@functools.cache
def _client(*, echo: bool = False) -> Any:  # noqa: ANN401
    from featdisc_assets.llm.http_client import EchoClient, HttpClient  # noqa: PLC0415  (brings litellm)

    return EchoClient() if echo else HttpClient()


@functools.cache
def _silent_log() -> type[Any]:
    from litellm.litellm_core_utils.litellm_logging import Logging  # noqa: PLC0415  (only for those who ask a model)

    class SilentLog(Logging):
        """litellm's log of a call, keeping neither the key nor the piece."""

        def pre_call(self, *_: object, **__: object) -> None: ...

        def post_call(self, *_: object, **__: object) -> None: ...

    return SilentLog

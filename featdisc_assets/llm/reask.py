"""The re-ask by instructor: an answer that cannot be parsed is sent back with the error."""

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from featdisc_assets.llm import providers
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.codec import Completion
from featdisc_assets.llm.faults import CallFailedError, MachineFault
from featdisc_assets.llm.parse import describe_error
from featdisc_assets.llm.request import Request

if TYPE_CHECKING:
    from instructor import AsyncInstructor


async def answer(request: Request, mode: str, reply: Callable[[dict[str, Any]], Awaitable[Completion]]) -> Answer:
    """The answer to a request by instructor, which asks a second time after one that cannot be parsed.

    Args:
        request: What is asked.
        mode: An instructor mode.
        reply: Returns a completion for what instructor would send, stored answers first.

    Raises:
        CallFailedError: If neither answer can be parsed, or as `reply` raises it.
        MachineFault: As `reply` raises it.
    """
    params = request.params
    given = dict(params.extra)
    if params.temperature is not None:
        given["temperature"] = params.temperature
    try:
        value = await _client(mode).create(
            response_model=_prepared(request.answer),
            messages=[{"role": "user", "content": request.prompt}],
            model=request.model,
            max_tokens=params.max_tokens,
            max_retries=1,
            strict=False,
            reply=reply,
            **given,
        )
    except Exception as error:
        # Raised without its chain: instructor's exception holds all that was sent.
        end = _cause(error)
        if isinstance(end, MachineFault | CallFailedError) or not _is_parse_error(end):
            raise end from None
        raise CallFailedError("invalid", describe_error(end)) from None
    # Rebuilt as our own class, without the response that instructor attaches.
    fields = {name: getattr(value, name) for name in value.model_fields_set}
    return request.answer.model_construct(**fields)


async def _completion(*, reply: Callable[[dict[str, Any]], Awaitable[Completion]], **given: Any) -> Completion:  # noqa: ANN401  (instructor's arguments)
    return await reply(given)


@functools.cache
def _client(mode: str) -> "AsyncInstructor":
    instructor = providers.load_instructor()
    client: AsyncInstructor = instructor.from_litellm(_completion, mode=instructor.Mode[mode], async_client=True)
    return client


@functools.cache
def _prepared(answer_class: type[Answer]) -> type[Answer]:
    """The answer class as instructor wraps it, which it would otherwise do on every call."""
    from instructor.v2.core.response_model import prepare_response_model  # noqa: PLC0415

    return prepare_response_model(answer_class) or answer_class


def _is_parse_error(error: BaseException) -> bool:
    # pydantic's and json's errors are ValueErrors; instructor has its own.
    return isinstance(error, ValueError) or type(error).__module__.startswith("instructor.")


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None and not isinstance(error, CallFailedError | MachineFault):
        error = error.__cause__
    return error

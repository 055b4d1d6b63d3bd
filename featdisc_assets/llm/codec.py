"""A request as litellm arguments, and a response as a result and a ledger row."""

import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from featdisc_assets.llm import dispatch, faults, pricing, providers
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.faults import AttemptResult
from featdisc_assets.llm.parse import extract_json
from featdisc_assets.llm.providers import Route, SchemaDialect
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.surface_model import SURFACE

# litellm's response objects are loosely typed; only this module reads them.
Completion = Any

# Stands for the prompt while instructor shapes a request; occurs in no schema and no instruction.
_PROMPT = "featdisc-prompt-5b1f0c9e7a3d"


def encode(request: Request, route: Route) -> dict[str, Any]:
    """The litellm arguments of a first ask: model, messages, limits, and the schema in the provider's dialect.

    Equal to what instructor's `create` sends in the request's mode, without its work on every call: instructor shapes a
    template once for each answer class, and the prompt is inserted verbatim. The caller may change the result.
    """
    params = request.params
    template = _template(request.answer, params.mode or route.dialect.mode, route.dialect)
    given = copy.deepcopy(dict(params.extra))
    if params.temperature is not None:
        given["temperature"] = params.temperature
    # Parsed for every request, since litellm's providers change a schema in place.
    given.update(orjson.loads(template.rest))
    messages = [{"role": role, "content": content} for role, content in template.messages]
    before, after = template.around
    messages[template.place]["content"] = f"{before}{request.prompt}{after}"
    return given | {"model": request.model, "messages": messages, "max_tokens": params.max_tokens}


@dataclass(frozen=True, slots=True)
class _Template:
    """A request without its prompt, as instructor shapes it.

    Attributes:
        messages: Role and content of each message.
        place: The index of the message with the prompt.
        around: The text of that message before the prompt and after it.
        rest: All other arguments, as JSON.
    """

    messages: tuple[tuple[str, str], ...]
    place: int
    around: tuple[str, str]
    rest: bytes


@functools.cache
def _template(answer: type[Answer], mode: str, dialect: SchemaDialect) -> _Template:
    given = apply_dialect(_instructor_arguments(answer, mode), dialect)
    messages = tuple((message["role"], message["content"]) for message in given.pop("messages"))
    [place] = (at for at, (_, content) in enumerate(messages) if _PROMPT in content)
    before, after = messages[place][1].split(_PROMPT)
    return _Template(messages, place, (before, after), orjson.dumps(given))


def _instructor_arguments(answer: type[Answer], mode: str) -> dict[str, Any]:
    """What instructor sends in this mode."""
    instructor = providers.load_instructor()
    sent: dict[str, Any] = {}

    def completion(**given: object) -> None:
        sent.update(given)
        raise InterruptedError("only the arguments are needed")

    client = instructor.from_litellm(completion, mode=instructor.Mode[mode], async_client=False)
    messages = [{"role": "user", "content": _PROMPT}]
    try:
        client.create(response_model=answer, messages=messages, max_retries=0, strict=False)
    except Exception:
        # The exception above, wrapped by instructor.
        if not sent:
            raise
    return sent


async def send(request: Request, route: Route, given: dict[str, Any], timeout_s: float) -> Completion:
    """One HTTP request through litellm, without retries.

    Args:
        request: The request.
        route: Where the model is.
        given: From `encode`, or instructor's arguments after `apply_dialect`.
        timeout_s: Seconds that it may take.

    Raises:
        MachineFault: If the rules of `surface/v1` failed; other exceptions are litellm's.
    """
    ours = {
        "timeout": timeout_s,
        "num_retries": 0,
        "max_retries": 0,
        "drop_params": True,
        "api_base": request.params.api_base,
        "api_key": route.api_key,
    }
    try:
        return await dispatch.complete(route.provider, given | ours)
    except Exception as error:
        if request.model != SURFACE:
            raise
        # litellm reports a lost connection here, but rules that raise will raise again.
        raise faults.rules_failed(request.subject_id, error) from error


def text_of(given: Mapping[str, Any]) -> str:
    """All text that a request sends."""
    return "\n".join(str(message["content"]) for message in given["messages"])


def classify(response: Completion) -> AttemptResult:
    """The result of a received answer, before its JSON is parsed."""
    if not response.choices:
        return AttemptResult("empty", "the answer holds no choices")
    choice = response.choices[0]
    text = (choice.message.content or "").strip()
    refusal = _refusal(choice.message) or (text if faults.is_refusal(text) else "")
    if choice.finish_reason == "content_filter":
        return AttemptResult("content_filter", "the provider's filter stopped the answer")
    if refusal:
        return AttemptResult("refused", faults.excerpt(refusal))
    if choice.finish_reason == "length":
        spent = "" if text else ", all of it on thoughts"
        return AttemptResult("truncated", f"the answer reached its limit of tokens{spent}; a larger max_tokens helps")
    if not text:
        return AttemptResult("empty", "the answer holds no text")
    return AttemptResult(faults.ANSWERED, "")


def _refusal(message: Completion) -> str:
    fields = getattr(message, "provider_specific_fields", None) or {}
    return str(getattr(message, "refusal", None) or fields.get("refusal") or "")


def to_attempt(
    request: Request, route: Route, result: AttemptResult, response: Completion, latency_ms: float
) -> Attempt:
    """The ledger row of one attempt; tokens and cost stay unknown if the provider reports no usage."""
    attempt = Attempt(
        request_key=request.key,
        purpose=request.purpose,
        subject_id=request.subject_id,
        model=request.model,
        prompt_version=request.prompt_version,
        provider=route.provider,
        status=result.status,
        error=result.error or None,
        latency_ms=round(latency_ms, 3),
    )
    if response is not None:
        add_response(attempt, response, pricing.price(request.model, request.params.price))
        if request.model == SURFACE:
            attempt.served_model = request.model
    return attempt


def add_response(attempt: Attempt, response: Completion, price: pricing.Price | None) -> None:
    """Add to a ledger row what a response holds: its text, the model that wrote it, tokens and their cost."""
    attempt.served_model = response.model
    if response.choices:
        attempt.raw = response.choices[0].message.content
        attempt.finish_reason = response.choices[0].finish_reason
    usage = getattr(response, "usage", None)
    if usage is None or not (usage.prompt_tokens or usage.completion_tokens):
        return
    details = getattr(usage, "prompt_tokens_details", None)
    attempt.tokens_in = usage.prompt_tokens or 0
    # Some servers count thoughts only in the total.
    attempt.tokens_out = max(usage.completion_tokens or 0, (usage.total_tokens or 0) - attempt.tokens_in)
    attempt.tokens_cached = getattr(details, "cached_tokens", None) or 0
    if price is not None:
        written = getattr(details, "cache_write_tokens", None) or 0
        attempt.cost_usd = price.of(attempt.tokens_in, attempt.tokens_out, attempt.tokens_cached, written)


def strip_to_json(response: Completion) -> bool:
    """Strip thoughts, code fence and prose from a received answer, in place; True if there were any."""
    message = response.choices[0].message
    given = message.content.strip()
    message.content = extract_json(given)
    return bool(message.content != given)


def decode_stored(attempt: Attempt) -> Completion:
    """A stored answer as litellm would have returned it."""
    litellm = providers.load_litellm()
    message = {"role": "assistant", "content": attempt.raw}
    return litellm.ModelResponse(choices=[{"message": message, "finish_reason": attempt.finish_reason or "stop"}])


def apply_dialect(given: dict[str, Any], dialect: SchemaDialect) -> dict[str, Any]:
    """Instructor's arguments with the schema in the provider's dialect: instructor sends no `strict`."""
    form = given.get("response_format")
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        return given
    schema = _without(form["json_schema"]["schema"], dialect.unsupported)
    named = {"name": form["json_schema"]["name"], "schema": schema, **({"strict": True} if dialect.strict else {})}
    return given | {"response_format": {"type": "json_schema", "json_schema": named}}


def _without(schema: object, keywords: frozenset[str]) -> object:
    if not keywords:
        return schema
    if isinstance(schema, dict):
        return {name: _without(part, keywords) for name, part in schema.items() if name not in keywords}
    return [_without(part, keywords) for part in schema] if isinstance(schema, list) else schema

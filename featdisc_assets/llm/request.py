"""A request to a model, its key, and its outcome."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, Optional

import orjson

from featdisc_assets.llm import faults
from featdisc_assets.llm.answers import Answer
from featdisc_assets.llm.fences import without_salt
from featdisc_assets.llm.pricing import Price

# Raise it if the same fields come to mean another HTTP request; no stored answer is used then.
_KEY_VERSION = 1


@dataclass(frozen=True)
class Params:
    """How a model is asked; shared by all requests of a run.

    Attributes:
        max_tokens: The limit of an answer's tokens, thoughts included.
        temperature: None for the provider's default.
        api_base: The address of the user's own server; not part of a request's key, so that a server may move.
        mode: An instructor mode that overrides the provider's usual one (`JSON_SCHEMA`, `JSON`, `MD_JSON`).
        extra: Further litellm parameters as pairs, such as `("reasoning_effort", "low")`; never a key.
        price: What a token costs, for a model that litellm has no price of; not part of a request's key.
    """

    max_tokens: int = 4096
    temperature: float | None = None
    api_base: str | None = None
    mode: str | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    price: Price | None = None

    def __post_init__(self) -> None:
        for name, _ in self.extra:
            if "key" in name.lower() or "token" in name.lower():
                raise ValueError(
                    f"the parameter {name!r} looks like a key or a limit; put a key into the environment, "
                    "a limit into max_tokens"
                )


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        purpose: What the answer is for: `rate`, `name`, `parent`, `interest`, `judge`, `verify` or `codebook`.
        subject_id: The piece or cluster asked about.
        model: A litellm model string.
        prompt_version: The version of the template, for the ledger.
        prompt: The rendered prompt: the one user message.
        answer: The class of the answer.
        params: How to ask.
        at_least: An answer with fewer items is accepted with status `too_few`.
        chars_left_out: Characters of the subject that the prompt does not show.
        shorter: Returns the request to ask instead if this one is too long for the model; None if it cannot be
            shortened further. Like `chars_left_out`, not part of the key: the prompt is.
    """

    purpose: str
    subject_id: str
    model: str
    prompt_version: str
    prompt: str
    answer: type[Answer]
    params: Params = field(default_factory=Params)
    at_least: int = 1
    chars_left_out: int = 0
    shorter: Callable[[], Optional["Request"]] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def key(self) -> str:
        """32 hex digits of all that decides the answer: message, model, parameters and answer schema.

        The tags' salt is left out, so that two homes share answers and make equal tables.
        """
        params = self.params
        whole = [_KEY_VERSION, self.model, without_salt(self.prompt), self.answer.__name__, self.answer.SCHEMA]
        how = [params.max_tokens, params.temperature, params.mode, sorted(params.extra, key=str)]
        digest = blake2b(orjson.dumps(whole + how, option=orjson.OPT_SORT_KEYS), digest_size=16)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a request.

    Attributes:
        request: The request, or the shorter form of it that was asked in its place.
        status: A status of `faults`; `ok`, `repaired` and `too_few` come with a value.
        value: The parsed answer, an instance of `request.answer`; None after a failure.
        error: The failure in a line.
        from_store: True if nothing was asked now.
    """

    request: Request
    status: str
    value: Any = None
    error: str | None = None
    from_store: bool = False

    @property
    def answered(self) -> bool:
        """True if there is a value."""
        return self.status in faults.OK

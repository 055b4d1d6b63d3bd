"""One question to a model, what identifies it, and what came of it."""

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

# Raise it when the same fields come to mean another HTTP request: every stored answer then belongs to the past.
_KEY_VERSION = 1


@dataclass(frozen=True)
class Params:
    """How a model is asked; one object serves all requests of a run.

    Attributes:
        max_tokens: The answer's limit, thoughts of a thinking model included.
        temperature: None leaves it to the provider.
        api_base: The address of an own server; not part of a request's identity, so that a server may move.
        mode: An instructor mode that overrides the provider's usual one (`JSON_SCHEMA`, `JSON`, `MD_JSON`).
        extra: Further litellm parameters as pairs, such as `("reasoning_effort", "low")`; never a key.
        price: What a token costs, for a model that litellm has no price of; not part of a request's identity.
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
    """One question.

    Attributes:
        purpose: What the answer is for: `rate`, `name`, `parent`, `interest`, `judge`, `verify` or `codebook`.
        subject_id: The piece or cluster asked about.
        model: A litellm model string.
        prompt_version: The version of the template, for the ledger.
        prompt: The rendered prompt: the one user message.
        answer: The model class of the answer.
        params: How to ask.
        at_least: Fewer items in the answer than this are accepted, and counted as `too_few`.
        chars_left_out: Characters of the subject that the prompt does not show.
        shorter: Makes the request to ask instead when the model finds this one too long; None when it cannot be
            shortened further. Like `chars_left_out`, not part of its identity: the prompt is.
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

        Tags count without their salt, so that two homes know one another's answers and make equal tables.
        """
        params = self.params
        whole = [_KEY_VERSION, self.model, without_salt(self.prompt), self.answer.__name__, self.answer.SCHEMA]
        how = [params.max_tokens, params.temperature, params.mode, sorted(params.extra, key=str)]
        digest = blake2b(orjson.dumps(whole + how, option=orjson.OPT_SORT_KEYS), digest_size=16)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request.

    Attributes:
        request: The request, or the shorter form of it that was asked in its place.
        status: A status of `faults`; `ok`, `repaired` and `too_few` come with a value.
        value: The parsed answer, an instance of `request.answer`; None after a failure.
        error: The failure in a line.
        from_store: True when nothing was asked now.
    """

    request: Request
    status: str
    value: Any = None
    error: str | None = None
    from_store: bool = False

    @property
    def repaired(self) -> bool:
        """True when the answer had to be mended or asked for a second time."""
        return self.status == "repaired"

    @property
    def answered(self) -> bool:
        """True when there is a value."""
        return self.status in faults.OK

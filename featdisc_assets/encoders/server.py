"""An embedding server: who it is, how hard it is pressed, and what asking it has told."""

from dataclasses import dataclass, field

from featdisc_assets.llm.circuit_breaker import CircuitBreaker
from featdisc_assets.llm.gate import Gate, Limits
from featdisc_assets.llm.pricing import Price


@dataclass(frozen=True, slots=True)
class Server:
    """A model behind litellm, and where it is.

    Attributes:
        model: A litellm model string, as `openai/text-embedding-3-small`.
        dimensions: The width to ask for; None for the model's own.
        api_base: The address of an own server; it may move, so it is no part of what a vector is known by.
        price: What a token costs; None where nobody knows.
        width: Numbers in a vector, as far as earlier answers tell.
    """

    model: str
    dimensions: int | None = None
    api_base: str | None = None
    price: Price | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """How hard to press a server.

    Attributes:
        limits: Calls at a time and a minute.
        max_attempts: Attempts at a request that fails for a reason that may pass.
        timeout_s: Seconds one attempt may take.
        texts_a_request: Texts in a request at most.
    """

    limits: Limits = field(default_factory=Limits)
    max_attempts: int = 5
    timeout_s: float = 120.0
    texts_a_request: int = 96


@dataclass(slots=True)
class ServerState:
    """What is known of a server from asking it.

    Attributes:
        gate: What every request waits for.
        breaker: Says when asking on is hopeless.
        width: Numbers in a vector; None before the first answer.
        texts_a_request: What the server takes.
        takes_base64: Whether to ask for vectors in base64: a third of the bytes, and a twentieth of the time to read.
        tokens: Billed so far.
        cost_usd: Dollars for them, as far as known.
    """

    gate: Gate
    texts_a_request: int
    width: int | None
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    takes_base64: bool = False
    has_answered: bool = False
    tokens: int = 0
    cost_usd: float = 0.0

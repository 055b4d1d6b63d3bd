"""An embedding server: its address, the options of requests to it, and what its answers have shown."""

from dataclasses import dataclass, field

from featdisc_assets.llm.circuit_breaker import CircuitBreaker
from featdisc_assets.llm.gate import Gate, Limits
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.usage import Usage


@dataclass(frozen=True, slots=True)
class Server:
    """A model behind litellm, and where it is.

    Attributes:
        model: A litellm model string, as `openai/text-embedding-3-small`.
        dimensions: The width to ask for; None for the model's own.
        api_base: The address of the user's own server; not part of a vector's identity, so that the server may move.
        price: What a token costs; None if unknown.
        width: Numbers in a vector, if earlier answers have shown it.
    """

    model: str
    dimensions: int | None = None
    api_base: str | None = None
    price: Price | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """How requests are sent to a server.

    Attributes:
        limits: Calls at a time and a minute.
        max_attempts: Attempts at a request that fails for a passing reason.
        timeout_s: Seconds that one attempt may take.
        texts_a_request: Texts in a request at most.
    """

    limits: Limits = field(default_factory=Limits)
    max_attempts: int = 5
    timeout_s: float = 120.0
    texts_a_request: int = 96


@dataclass(slots=True)
class ServerState:
    """What the answers of a server have shown so far.

    Attributes:
        gate: What every request waits for.
        texts_a_request: Texts that the server takes in a request.
        width: Numbers in a vector; None before the first answer.
        breaker: Says when to stop.
        usage: Tokens and dollars so far.
        takes_base64: Whether to ask for vectors in base64: a third of the bytes, and a twentieth of the parsing time.
        has_answered: Whether a request has been answered.
    """

    gate: Gate
    texts_a_request: int
    width: int | None
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    usage: Usage = field(default_factory=lambda: Usage(first_answer_tokens=0))
    takes_base64: bool = False
    has_answered: bool = False

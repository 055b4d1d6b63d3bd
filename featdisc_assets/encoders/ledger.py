"""A request for vectors as a row of the ledger."""

from hashlib import blake2b
from typing import Any

from featdisc_assets.encoders.server import Server
from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.faults import AttemptResult

PURPOSE = "embedding"


def row(
    server: Server,
    identity: str,
    provider: str,
    texts: list[str],
    result: AttemptResult,
    response: Any,  # noqa: ANN401  (a litellm.EmbeddingResponse)
    latency_ms: float,
) -> Attempt:
    """The ledger's row of one attempt; a server that reports no usage leaves tokens and cost unknown."""
    whole = "\0".join((identity, *texts))
    attempt = Attempt(
        request_key=blake2b(whole.encode(), digest_size=16).hexdigest(),
        purpose=PURPOSE,
        # A text that is refused is asked for alone in the end, and so found by its own words.
        subject_id=texts[0] if len(texts) == 1 else f"{len(texts):,} texts",
        model=server.model,
        prompt_version="",
        provider=provider,
        status=result.status,
        error=result.error or None,
        latency_ms=round(latency_ms, 3),
    )
    if response is not None:
        attempt.raw = f"{len(getattr(response, 'data', None) or []):,} vectors"
        attempt.served_model = response.model
        usage = getattr(response, "usage", None)
        attempt.tokens_in = (usage.prompt_tokens or usage.total_tokens) if usage is not None else None
        if attempt.tokens_in:
            attempt.tokens_out = 0
            price = server.price
            attempt.cost_usd = None if price is None else price.of(attempt.tokens_in, 0)
    return attempt

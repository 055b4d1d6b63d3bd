"""What asking costs: tokens counted roughly beforehand, dollars from litellm's price map."""

import functools
from dataclasses import dataclass

_ASCII_PER_TOKEN = 4.3
_TOKENS_PER_OTHER = 0.6


def count_tokens(text: str) -> int:
    """Roughly how many tokens a text is: one for 4.3 ASCII characters, 0.6 for any other character.

    For estimates and for `surface/v1` only: within some 15% of OpenAI's tokenisers on English prose and code, within a
    factor of two on other scripts and on digits. The ledger counts what the provider reports.
    """
    if not text:
        return 0
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return max(1, round(plain / _ASCII_PER_TOKEN + (len(text) - plain) * _TOKENS_PER_OTHER))


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a token: sent, received, and sent but found in the provider's cache."""

    tokens_in: float
    tokens_out: float
    tokens_cached: float

    def of(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> float:
        """Dollars for one call; `tokens_cached` are part of `tokens_in`."""
        fresh = max(0, tokens_in - tokens_cached)
        return fresh * self.tokens_in + tokens_cached * self.tokens_cached + tokens_out * self.tokens_out


@functools.cache
def price(model: str) -> Price | None:
    """The price of a model, None where litellm's map does not know it."""
    from featdisc_assets.llm import providers  # noqa: PLC0415  (providers counts tokens with this module)

    if model == providers.SURFACE:
        return Price(0.0, 0.0, 0.0)
    litellm = providers.load_litellm()
    try:
        info = litellm.get_model_info(model)
    except Exception as error:
        if "isn't mapped" not in str(error) and "not mapped" not in str(error):
            raise
        return None
    tokens_in, tokens_out = info.get("input_cost_per_token"), info.get("output_cost_per_token")
    if tokens_in is None or tokens_out is None:
        return None
    if not tokens_in + tokens_out and not providers.is_local(model):
        return None  # the map writes 0 where a hoster's price is not known
    cached = info.get("cache_read_input_token_cost")
    return Price(tokens_in, tokens_out, tokens_in if cached is None else cached)


def larger_limit(model: str, limit: int) -> int:
    """The limit for asking again after a truncated answer: three times as much, or what the model can write at most."""
    from featdisc_assets.llm import providers  # noqa: PLC0415

    info = providers.load_litellm().model_cost.get(model, {})
    most = info.get("max_output_tokens") or info.get("max_tokens")
    return max(limit, min(3 * limit, int(most))) if most else 3 * limit

"""What a call costs: estimated or limited beforehand, by litellm's price map or a user's own price."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from featdisc_assets.llm import providers
from featdisc_assets.llm.surface_model import SURFACE

# The share of a request's price that a batch saves.
BATCH_DISCOUNT = 0.5
# Tokens that a provider may add to the prompt at most: up to 530 for Anthropic's tools (which older models answer
# through), some hundreds for a template's built-in system message, 130 for a schema written out in words.
_MAX_OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a token.

    Attributes:
        tokens_in: Sent.
        tokens_out: Received, thoughts included.
        tokens_cached: Sent, and found in the provider's cache.
        tokens_written: Sent, and written to the provider's cache, which some charge for; None: as `tokens_in`.
        longer: Prices of longer prompts, each with the number of tokens sent from which it applies to the whole call.
    """

    tokens_in: float
    tokens_out: float
    tokens_cached: float
    tokens_written: float | None = None
    longer: tuple[tuple[int, "Price"], ...] = ()

    def of(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0, tokens_written: int = 0) -> float:
        """Dollars for one call; `tokens_cached` and `tokens_written` are part of `tokens_in`."""
        applied = self
        for start, price in self.longer:
            applied = price if start <= tokens_in else applied
        written = applied.tokens_in if applied.tokens_written is None else applied.tokens_written
        fresh = max(0, tokens_in - tokens_cached - tokens_written)
        sent = fresh * applied.tokens_in + tokens_cached * applied.tokens_cached + tokens_written * written
        return sent + tokens_out * applied.tokens_out

    def at_most(self, tokens_in: int, tokens_out: int) -> float:
        """The highest cost of a call with at most these tokens, whatever part of them is cached."""
        reached = (self, *(price for start, price in self.longer if start <= tokens_in))
        return max(
            tokens_in * max(price.tokens_in, price.tokens_cached, price.tokens_written or 0.0)
            + tokens_out * price.tokens_out
            for price in reached
        )

    def discounted(self, share: float) -> "Price":
        """The price less a share of it: `discounted(0.5)` is half, as batches cost."""
        if not 0 <= share <= 1:
            raise ValueError(f"a discount of {share} is not between 0 and 1; give the share that is taken off")
        left = 1 - share
        return Price(
            self.tokens_in * left,
            self.tokens_out * left,
            self.tokens_cached * left,
            None if self.tokens_written is None else self.tokens_written * left,
            tuple((start, price.discounted(share)) for start, price in self.longer),
        )


def max_cost(prompt: str, max_tokens: int, price: Price) -> float:
    """The highest cost of one attempt in dollars.

    Tokens sent count as one for each byte of UTF-8, which a tokeniser that merges bytes cannot exceed, plus 1,024 for
    what is sent around the prompt (template, answer schema, the provider's own text). No lower limit is safe: over
    8,000 strings of public chats the average was 0.22 tokens a byte with o200k, but one message had 0.75 (0.99 with
    Claude's published tokeniser). The excess matters little, since `max_tokens` outweighs the prompt: with 4096 of
    them, the limit was 1.08 times (gpt-5-mini) to 1.4 times (deepseek) that of tokens counted by o200k.

    Only text of ligatures that a tokeniser decomposes first (U+FDFA), and thoughts that a provider does not count
    against `max_tokens`, can exceed it.

    Args:
        prompt: All text that is sent; in a re-ask also the earlier answer and the complaint about it.
        max_tokens: The limit of the answer in this attempt.
        price: The model's price.
    """
    return price.at_most(len(prompt.encode()) + _MAX_OVERHEAD, max_tokens)


def price(model: str, own: Price | None = None) -> Price | None:
    """The price of a model, None if it is unknown.

    Args:
        model: A litellm model string. `surface/v1` and models on the user's own servers cost nothing.
        own: The price that the user gave, which takes precedence over litellm's.
    """
    return own or _listed(model)


@functools.cache
def _listed(model: str) -> Price | None:
    if model == SURFACE or providers.is_local(model):
        return Price(0.0, 0.0, 0.0)
    entry = _entry(model)
    priced = {start: found for start, rates in _steps(entry) if (found := _rates(rates))}
    base = priced.pop(0, None)
    return base and replace(base, longer=tuple(sorted(priced.items(), key=itemgetter(0))))


@functools.cache
def _entry(model: str) -> Mapping[str, Any]:
    """The model's entry in litellm's map, empty if there is none."""
    litellm = providers.load_litellm()
    if _needs_network(model):
        return dict(litellm.model_cost.get(model, {}))
    try:
        return dict(litellm.get_model_info(model))
    except Exception as error:
        if "isn't mapped" not in str(error) and "not mapped" not in str(error):
            raise
        return {}


def _needs_network(model: str) -> bool:
    """True where `litellm.get_model_info` would ask a server instead of its map."""
    return providers.is_local(model) or model.startswith("huggingface/")


_SENT, _RECEIVED, _THOUGHT = "input_cost_per_token", "output_cost_per_token", "output_cost_per_reasoning_token"
_CACHED, _WRITTEN = "cache_read_input_token_cost", "cache_creation_input_token_cost"
_ABOVE = re.compile(rf"{_SENT}_above_(\d+)k_tokens")


def _steps(entry: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The rates of an entry by the number of tokens sent from which they apply; the map has two notations for them."""
    steps: list[tuple[int, Mapping[str, Any]]] = [(0, entry)]
    above = {int(found[1]) for key, rate in entry.items() if rate is not None and (found := _ABOVE.fullmatch(key))}
    for thousands in sorted(above):
        higher = {
            name: entry.get(f"{name}_above_{thousands}k_tokens") for name in (_SENT, _RECEIVED, _CACHED, _WRITTEN)
        }
        steps.append((thousands * 1000, {**steps[-1][1], **{name: rate for name, rate in higher.items() if rate}}))
    return steps + [(int(tier["range"][0]), tier) for tier in entry.get("tiered_pricing") or () if tier.get("range")]


def _rates(entry: Mapping[str, Any]) -> Price | None:
    sent, received = entry.get(_SENT), entry.get(_RECEIVED)
    if entry.get("mode") == "embedding":
        received = 0.0  # an embedding has no output tokens
    # The map has 0 where a price is unknown, or where a call also has a fee.
    elif not received:
        return None
    if not sent:
        return None
    cached, written = entry.get(_CACHED), entry.get(_WRITTEN)
    return Price(
        tokens_in=sent,
        # Output tokens are one sum here: where thoughts cost more than text, all are priced as thoughts.
        tokens_out=max(received, entry.get(_THOUGHT) or 0.0),
        tokens_cached=sent if cached is None else cached,
        # Some entries have the price of reading here.
        tokens_written=None if written is None else max(sent, written),
    )


def context_tokens(model: str) -> int | None:
    """The most tokens that a model reads; None where only its server knows."""
    if model == SURFACE or _needs_network(model):
        return None
    most = _entry(model).get("max_input_tokens")
    return int(most) if most else None


def larger_limit(model: str, limit: int) -> int:
    """The limit for asking again after a truncated answer: three times as much, or the most that the model writes."""
    info = _entry(model)
    most = info.get("max_output_tokens") or info.get("max_tokens")
    return max(limit, min(3 * limit, int(most))) if most else 3 * limit

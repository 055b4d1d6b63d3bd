"""What asking costs: tokens counted or bounded beforehand, dollars by litellm's price map or a user's own price."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

# What a request costs less in a batch.
BATCH_DISCOUNT = 0.5
_ASCII_PER_TOKEN = 4.3
_TOKENS_PER_OTHER = 0.6
# Sent beside the prompt, in tokens: some ten of chat template, 40-63 of answer schema (o200k).
_USUALLY_AROUND = 60
# A provider may add its own: up to 530 for Anthropic's tools (which older models answer through), some hundreds for a
# template's built-in system message, 130 for a schema told in words.
_AT_MOST_AROUND = 1024


def count_tokens(text: str) -> int:
    """Roughly how many tokens a text is: one for 4.3 ASCII characters, 0.6 for any other character.

    For estimates and for `surface/v1` only: within some 15% of OpenAI's tokenisers on English prose and code, within a
    factor of two on other scripts and on digits. The ledger counts what the provider reports.
    """
    if not text:
        return 0
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return max(1, round(plain / _ASCII_PER_TOKEN + (len(text) - plain) * _TOKENS_PER_OTHER))


def expected_tokens(prompt: str, answer_tokens: int) -> int:
    """Roughly the tokens that a call takes, sent and received: what a limit of tokens a minute counts.

    Args:
        prompt: What is sent.
        answer_tokens: How long the answer is expected to be.
    """
    return count_tokens(prompt) + _USUALLY_AROUND + answer_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a token.

    Attributes:
        tokens_in: Sent.
        tokens_out: Received, thoughts included.
        tokens_cached: Sent, but found in the provider's cache.
        tokens_written: Sent, and put into the provider's cache, which some charge for; None: as `tokens_in`.
        longer: Prices of calls that send much, each with the number of tokens from which it holds for all of the call.
    """

    tokens_in: float
    tokens_out: float
    tokens_cached: float
    tokens_written: float | None = None
    longer: tuple[tuple[int, "Price"], ...] = ()

    def of(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0, tokens_written: int = 0) -> float:
        """Dollars for one call; `tokens_cached` and `tokens_written` are part of `tokens_in`."""
        held = self
        for start, price in self.longer:
            held = price if start <= tokens_in else held
        written = held.tokens_in if held.tokens_written is None else held.tokens_written
        fresh = max(0, tokens_in - tokens_cached - tokens_written)
        sent = fresh * held.tokens_in + tokens_cached * held.tokens_cached + tokens_written * written
        return sent + tokens_out * held.tokens_out

    def at_most(self, tokens_in: int, tokens_out: int) -> float:
        """The most that a call of no more tokens than these can cost, whatever of it is cached."""
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
    """The most dollars that one attempt can cost.

    Tokens sent count as one for each byte of UTF-8, and 1,024 for what is sent around the prompt: template, answer
    schema, a provider's own words. A tokeniser that merges bytes cannot come to more, and nothing less is sure: over
    8,000 strings of public chats the average was 0.22 tokens a byte with o200k and 0.24 with the last tokeniser that
    Claude published, but one message had 0.75 and 0.99. The slack matters little, since `max_tokens` outweighs the
    prompt: with 4096 of them, the bound of 3,000 ratings was 1.08 times (gpt-5-mini) to 1.16 times (Claude Sonnet 4.5)
    what it would be with tokens counted by o200k, and 1.4 times where output costs little more than input (deepseek).

    Two things pass it, and are counted when paid: text of little else but ligatures that a tokeniser first takes apart
    (U+FDFA has 5 tokens a byte in that one of Claude's), and thoughts that a provider does not count against
    `max_tokens`.

    Args:
        prompt: All text that is sent; when an answer is asked for again, that answer and the complaint too.
        max_tokens: The answer's limit of this attempt.
        price: The model's.
    """
    return price.at_most(len(prompt.encode()) + _AT_MOST_AROUND, max_tokens)


def price(model: str, own: Price | None = None) -> Price | None:
    """The price of a model, None where nobody knows it.

    Args:
        model: A litellm model string. `surface/v1` and models on servers of one's own cost nothing.
        own: The price that its user gave, which goes before litellm's.
    """
    return own or _listed(model)


@functools.cache
def _listed(model: str) -> Price | None:
    from featdisc_assets.llm import providers  # noqa: PLC0415  (providers counts tokens with this module)

    if model == providers.SURFACE or providers.is_local(model):
        return Price(0.0, 0.0, 0.0)
    entry = _entry(model)
    priced = {start: found for start, rates in _steps(entry) if (found := _rates(rates))}
    base = priced.pop(0, None)
    return base and replace(base, longer=tuple(sorted(priced.items(), key=itemgetter(0))))


@functools.cache
def _entry(model: str) -> Mapping[str, Any]:
    """What litellm's map says of a model, nothing where it does not know it."""
    from featdisc_assets.llm import providers  # noqa: PLC0415

    litellm = providers.load_litellm()
    if _is_asked_over_the_network(model):
        return dict(litellm.model_cost.get(model, {}))
    try:
        return dict(litellm.get_model_info(model))
    except Exception as error:
        if "isn't mapped" not in str(error) and "not mapped" not in str(error):
            raise
        return {}


def _is_asked_over_the_network(model: str) -> bool:
    """True where litellm would ask a server what the model is, rather than its map."""
    from featdisc_assets.llm import providers  # noqa: PLC0415

    return providers.is_local(model) or model.startswith("huggingface/")


_SENT, _RECEIVED, _THOUGHT = "input_cost_per_token", "output_cost_per_token", "output_cost_per_reasoning_token"
_CACHED, _WRITTEN = "cache_read_input_token_cost", "cache_creation_input_token_cost"
_ABOVE = re.compile(rf"{_SENT}_above_(\d+)k_tokens")


def _steps(entry: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The rates of an entry by the number of tokens sent from which they hold: it tells them in one of two ways."""
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
        received = 0.0  # nothing but numbers comes back
    # The map writes 0 where a price is not known, or where a call has a fee beside it.
    elif not received:
        return None
    if not sent:
        return None
    cached, written = entry.get(_CACHED), entry.get(_WRITTEN)
    return Price(
        tokens_in=sent,
        # Ours is one sum: where thoughts cost more than words, all costs as thoughts.
        tokens_out=max(received, entry.get(_THOUGHT) or 0.0),
        tokens_cached=sent if cached is None else cached,
        # Some entries have the price of reading here.
        tokens_written=None if written is None else max(sent, written),
    )


def context_tokens(model: str) -> int | None:
    """How many tokens a model reads at most; None where nobody knows without asking its server."""
    from featdisc_assets.llm import providers  # noqa: PLC0415

    if model == providers.SURFACE or _is_asked_over_the_network(model):
        return None
    most = _entry(model).get("max_input_tokens")
    return int(most) if most else None


def larger_limit(model: str, limit: int) -> int:
    """The limit for asking again after a truncated answer: three times as much, or what the model can write at most."""
    info = _entry(model)
    most = info.get("max_output_tokens") or info.get("max_tokens")
    return max(limit, min(3 * limit, int(most))) if most else 3 * limit

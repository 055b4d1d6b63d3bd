"""The cost of a call, its highest cost, and its expected tokens."""

import datetime as dt
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from featdisc_assets.home.places import read_sql, sample_path
from featdisc_assets.llm import pricing, providers
from featdisc_assets.llm.answers import ClusterName, FeatureList, InterestScores
from featdisc_assets.llm.pricing import Price, max_cost, price
from featdisc_assets.llm.tokens import count_tokens, expected_tokens
from featdisc_assets.warehouse import Warehouse
from tests.report_rows import fill

MILLION = 1_000_000
PLAIN = Price(tokens_in=2.0, tokens_out=10.0, tokens_cached=0.5)
STEPPED = Price(2.0, 10.0, 0.5, 3.0, longer=((1_000, Price(4.0, 15.0, 1.0, 6.0)), (5_000, Price(8.0, 20.0, 2.0))))


@pytest.mark.parametrize(
    ("model", "sent", "received", "cached"),
    [
        ("openai/gpt-5-mini", 0.25, 2.0, 0.025),
        ("anthropic/claude-sonnet-4-5", 3.0, 15.0, 0.3),
        ("gemini/gemini-2.5-flash", 0.3, 2.5, 0.03),
        ("ollama_chat/llama3.1", 0.0, 0.0, 0.0),
        ("hosted_vllm/whatever", 0.0, 0.0, 0.0),
        ("surface/v1", 0.0, 0.0, 0.0),
    ],
)
def test_prices_of_common_models_in_dollars_per_million_tokens(
    model: str, sent: float, received: float, cached: float
) -> None:
    found = price(model)
    assert found is not None
    rates = (found.tokens_in, found.tokens_out, found.tokens_cached)
    assert [rate * MILLION for rate in rates] == pytest.approx([sent, received, cached])


@pytest.mark.parametrize(
    "model",
    [
        "openai/never-heard-of",
        "openrouter/openai/gpt-5-mini",  # litellm routes it, and has no price
        "huggingface/some/model",  # litellm would fetch the model's configuration from the network
        "azure_ai/model_router",  # a fee for routing, none for the model
        "exa_ai/search",  # priced by the query
    ],
)
def test_an_unknown_price_is_none(model: str) -> None:
    assert price(model) is None


def test_a_users_price_takes_precedence_without_a_lookup() -> None:
    assert price("openai/gpt-5-mini", PLAIN) is PLAIN
    assert price("openai/never-heard-of", PLAIN) is PLAIN
    free = Price(0.0, 0.0, 0.0)
    assert price("openai/gpt-5-mini", free) is free


def test_litellm_is_not_imported_for_prices_that_need_no_map() -> None:
    program = (
        "import sys; from featdisc_assets.llm.pricing import Price, max_cost, price; "
        "prices = [price('surface/v1'), price('ollama_chat/llama3.1'), price('openai/gpt-5-mini', Price(1, 2, 1))]; "
        "max_cost('text', 10, prices[0]); print('litellm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_price_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = price("openai/gpt-5-mini")
    monkeypatch.setattr(providers, "load_litellm", lambda: pytest.fail("looked up again"))
    assert price("openai/gpt-5-mini") is first


def test_cached_and_written_tokens_have_their_own_prices_and_are_part_of_those_sent() -> None:
    assert PLAIN.of(100, 10) == 100 * 2 + 100
    assert PLAIN.of(100, 10, 40) == 60 * 2 + 40 * 0.5 + 100
    assert PLAIN.of(100, 10, 40, 10) == 60 * 2 + 40 * 0.5 + 100
    assert STEPPED.of(100, 10, 40, 10) == 50 * 2 + 40 * 0.5 + 10 * 3 + 100


@pytest.mark.parametrize(("sent", "rate"), [(999, 2.0), (1_000, 4.0), (4_999, 4.0), (5_000, 8.0), (90_000, 8.0)])
def test_the_price_of_long_prompts_applies_to_all_tokens(sent: int, rate: float) -> None:
    assert STEPPED.of(sent, 0) == sent * rate


def test_half_price() -> None:
    half = STEPPED.discounted(0.5)
    for sent in (100, 2_000, 9_000):
        assert half.of(sent, 10, 40, 10) == STEPPED.of(sent, 10, 40, 10) / 2
    assert PLAIN.discounted(0.5).tokens_written is None
    assert PLAIN.discounted(0.0) == PLAIN
    with pytest.raises(ValueError, match=r"a discount of 50 is not between 0 and 1"):
        PLAIN.discounted(50)


# One for each notation of prices in the map: flat, higher above 100k, 200k or 272k, by ranges.
MODELS = [
    "openai/gpt-5-mini",
    "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-pro",
    "openai/gpt-5.6",
    "anthropic/claude-haiku-5-5",
    "dashscope/qwen-flash",
    "dashscope/qwen3-max",
]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("sent", [1_000, 120_000, 210_000, 300_000, 600_000])
@pytest.mark.parametrize(("cached", "written", "thought"), [(0, 0, 0), (500, 0, 0), (0, 700, 0), (300, 200, 100)])
def test_the_cost_of_a_call_equals_litellms(model: str, sent: int, cached: int, written: int, thought: int) -> None:
    litellm = providers.load_litellm()
    usage = litellm.Usage(
        prompt_tokens=sent,
        completion_tokens=700,
        total_tokens=sent + 700,
        prompt_tokens_details={"cached_tokens": cached, "cache_write_tokens": written},
        completion_tokens_details={"reasoning_tokens": thought},
    )
    provider, name = model.split("/")
    theirs = sum(
        litellm.litellm_core_utils.llm_cost_calc.utils.generic_cost_per_token(
            model=name, usage=usage, custom_llm_provider=provider
        )
    )
    ours = price(model)
    assert ours is not None
    assert ours.of(sent, 700, cached, written) == pytest.approx(theirs, rel=1e-9)
    assert ours.at_most(sent, 700) >= theirs * (1 - 1e-9)


def test_a_step_without_a_rate_keeps_that_of_the_step_before() -> None:
    rates = {
        "input_cost_per_token": 1.0,
        "output_cost_per_token": 5.0,
        "input_cost_per_token_above_100k_tokens": 2.0,
        "output_cost_per_token_above_100k_tokens": 10.0,
        "input_cost_per_token_above_200k_tokens": 3.0,
    }
    known = {"openai/two-steps": rates | {"litellm_provider": "openai", "mode": "chat"}}
    providers.load_litellm().register_model(known)
    found = price("openai/two-steps")
    assert found is not None
    assert [found.of(sent, 1) for sent in (1, 100_000, 200_000)] == [6.0, 200_010.0, 600_010.0]


def test_writing_to_a_cache_never_costs_less_than_sending() -> None:
    found = price("ft:gpt-4o-2024-11-20")  # its entry has the price of reading here
    assert found is not None
    assert found.of(100, 0, 0, 100) >= found.of(100, 0)


def test_prices_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    litellm = providers.load_litellm()
    asked: list[str] = []
    for method in ("get", "post"):
        monkeypatch.setattr(litellm.module_level_client, method, lambda url, **_: asked.append(url))
    for model in ("huggingface/not/known", "ollama/not-known", "hosted_vllm/not-known", "openai/not-known"):
        price(model)
        pricing.larger_limit(model, 100)
    assert asked == []


def test_dearer_thoughts_set_the_price_of_the_whole_answer() -> None:
    found = price("dashscope/qwen-turbo")
    assert found is not None
    assert found.tokens_out * MILLION == pytest.approx(0.5)


RATES = st.floats(0, 1, allow_subnormal=False)
PRICES = st.builds(Price, RATES, RATES, RATES, st.none() | RATES)
STEPPED_PRICES = st.builds(
    lambda base, steps: Price(base.tokens_in, base.tokens_out, base.tokens_cached, base.tokens_written, steps),
    PRICES,
    st.dictionaries(st.integers(1, 5_000), PRICES, max_size=3).map(lambda steps: tuple(sorted(steps.items()))),
)


@given(found=STEPPED_PRICES, counts=st.lists(st.integers(0, 6_000), min_size=6, max_size=6))
def test_no_call_of_at_most_these_tokens_costs_more(found: Price, counts: list[int]) -> None:
    sent, more_sent, received, more_received, cached, written = counts
    cached = min(cached, sent)
    written = min(written, sent - cached)
    most = found.at_most(sent + more_sent, received + more_received)
    assert found.of(sent, received, cached, written) <= most * (1 + 1e-12)


@cache
def tokenisers() -> dict[str, Any]:
    """All tokenisers that need no download: litellm includes OpenAI's, and the last one that Claude published."""
    providers.load_litellm()
    import tiktoken
    from litellm.litellm_core_utils import default_encoding  # tells tiktoken where they are
    from tokenizers import Tokenizer

    claude = Tokenizer.from_file(str(Path(default_encoding.filename) / "anthropic_tokenizer.json"))
    found = {name: tiktoken.get_encoding(name) for name in ("o200k_base", "cl100k_base", "p50k_base")}
    count: dict[str, Any] = {name: _counting(encoding) for name, encoding in found.items()}
    return count | {"claude": lambda text: len(claude.encode(text, add_special_tokens=False))}


def _counting(encoding: Any) -> Any:  # noqa: ANN401  (tiktoken's)
    return lambda text: len(encoding.encode(text, disallowed_special=()))


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base", "p50k_base", "claude"])
def test_max_cost_holds_for_every_text_of_the_sample(name: str) -> None:
    count = tokenisers()[name]
    for line in sample_path().read_text(encoding="utf-8").splitlines():
        for message in json.loads(line)["messages"]:
            text = json.dumps(message, ensure_ascii=False)
            assert count(text) <= max_cost(text, 0, Price(1.0, 0.0, 1.0))


@given(text=st.text(max_size=3_000))
@example(text="a\n" * 500)
@example(text="[9]?[r]?:~:9r+:9r+:9r+:'[?" * 40)
@example(text="\x00\x01\x02" * 300)
@example(text="\U00012000" * 300)
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    count = tokenisers()["o200k_base"]
    assert count(text) <= len(text.encode())
    assert count(text) + 1_000 <= max_cost(text, 0, Price(1.0, 0.0, 1.0))


def test_max_cost_includes_what_is_sent_around_a_prompt() -> None:
    count = tokenisers()["o200k_base"]
    schemas = [json.dumps(answer.SCHEMA) for answer in (FeatureList, ClusterName, InterestScores)]
    anthropic_tools = 530
    assert all(count(schema) + anthropic_tools < max_cost("", 0, Price(1.0, 0.0, 1.0)) for schema in schemas)


def test_max_cost_is_the_whole_answer_at_the_highest_rate_that_the_prompt_may_reach() -> None:
    sent = 1_500 + max_cost("", 0, Price(1.0, 0.0, 1.0))
    assert max_cost("x" * 1_500, 700, STEPPED) == sent * 6.0 + 700 * 15.0
    assert max_cost("é" * 750, 700, STEPPED) == sent * 6.0 + 700 * 15.0
    assert max_cost("anything", 700, Price(0.0, 0.0, 0.0)) == 0


def test_expected_tokens_are_those_of_prompt_schema_and_answer() -> None:
    assert expected_tokens(0, 0) > 0
    text = "The quick brown fox jumps over the lazy dog. " * 50
    assert expected_tokens(count_tokens(text), 200) == count_tokens(text) + 200 + expected_tokens(0, 0)


@pytest.mark.parametrize(
    ("model", "limit", "larger"),
    [
        ("openai/gpt-5-mini", 4_096, 12_288),
        ("openai/gpt-5-mini", 100_000, 128_000),  # the most that it writes
        ("openai/gpt-5-mini", 200_000, 200_000),
        ("openai/never-heard-of", 4_096, 12_288),
        ("hosted_vllm/whatever", 4_096, 12_288),
    ],
)
def test_a_larger_limit_is_three_times_as_much_or_the_models_maximum(model: str, limit: int, larger: int) -> None:
    assert pricing.larger_limit(model, limit) == larger


def test_the_ledger_is_summed_by_asset_model_prompt_and_day(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.prepare()
    noon, night = dt.datetime(2026, 3, 9, 12), dt.datetime(2026, 3, 9, 23, 59)
    fill(
        warehouse,
        {
            "ratings": [
                attempt(0, "rate", "invalid", 100, 10, 0.5, noon),  # asked for again
                attempt(1, "rate", "ok", 120, 10, 0.75, night),
                attempt(2, "rate", "rate_limited", None, None, None, noon),
                attempt(3, "rate", "truncated", 100, 90, 2.0, noon),
                attempt(4, "rate", "answered", 100, 10, 0.25, noon),  # not validated yet
                attempt(5, "rate", "too_few", 100, 5, 0.25, noon + dt.timedelta(days=1)),
                attempt(6, "name", "ok", 50, 5, None, noon),  # a model without a price
                attempt(7, "interest", "timeout", None, None, None, noon),
            ]
        },
    )
    rows = warehouse.rows(f"from ({read_sql('marts/spend')}) order by asset desc, day")
    sums = ("n_attempts", "n_answered", "n_failed", "tokens_in", "tokens_out", "tokens_cached")
    money = ("cost_usd", "failed_cost_usd", "n_unpriced")
    assert [(row["asset"], row["purpose"], row["day"].day, *(row[name] for name in sums)) for row in rows] == [
        ("features", "rate", 9, 5, 1, 3, 420, 120, 4),
        ("features", "rate", 10, 1, 1, 0, 100, 5, 1),
        ("cluster_names", "name", 9, 1, 1, 0, 50, 5, 1),
        ("cluster_interest", "interest", 9, 1, 0, 1, 0, 0, 0),
    ]
    assert [tuple(row[name] for name in money) for row in rows] == [
        (3.5, 2.5, 0),
        (0.25, 0, 0),
        (None, 0, 1),
        (None, 0, 0),
    ]


def attempt(
    number: int, purpose: str, status: str, sent: int | None, received: int | None, cost: float | None, at: dt.datetime
) -> dict[str, Any]:
    return {
        "attempt_id": number,
        "request_key": f"k{number}",
        "attempt": 0,
        "purpose": purpose,
        "subject_id": "s",
        "model": "some/model",
        "prompt_version": "p",
        "status": status,
        "tokens_in": sent,
        "tokens_out": received,
        "tokens_cached": None if sent is None else 1,
        "cost_usd": cost,
        "created_at": at,
    }

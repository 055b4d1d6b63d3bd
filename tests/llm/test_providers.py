"""Which models can be asked, their prices, and how `surface/v1` reads a prompt."""

import pytest

from featdisc_assets.llm import pricing
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.answers import ClusterName, FeatureList, InterestScores
from featdisc_assets.llm.faults import MachineFault, ModelError
from featdisc_assets.llm.prompts import fence, load
from featdisc_assets.llm.providers import check_model
from featdisc_assets.llm.request import Request
from featdisc_assets.llm.surface_model import SURFACE, answer_by_rules, split_clusters
from featdisc_assets.llm.tokens import count_tokens
from tests.llm.asking import ask


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-5-mini", "'gpt-5-mini' needs OPENAI_API_KEY in the environment"),
        ("openai/anything", "needs OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "needs ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.5-flash", "needs GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("nonsense", "litellm knows no provider for the model 'nonsense'"),
        ("surface/v9", "there is no model 'surface/v9'; the built-in one is surface/v1"),
    ],
)
def test_a_model_that_cannot_be_asked_gives_an_error_of_one_sentence(model: str, expected: str) -> None:
    with pytest.raises(ModelError, match=expected) as caught:
        check_model(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "api_base", "provider", "api_key"),
    [
        (SURFACE, None, "surface", None),
        ("openai/own", "http://127.0.0.1:1/v1", "openai", "none"),
        ("ollama_chat/llama3.1", None, "ollama_chat", None),
        ("hosted_vllm/qwen", "http://127.0.0.1:1/v1", "hosted_vllm", "none"),
    ],
)
def test_own_servers_need_no_key(model: str, api_base: str | None, provider: str, api_key: str | None) -> None:
    route = check_model(model, api_base)
    assert (route.provider, route.api_key, route.dialect.mode) == (provider, api_key, "JSON_SCHEMA")


def test_an_address_in_the_environment_counts_as_an_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert check_model("openai/own").api_key == "none"


def test_an_existing_key_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted")
    assert check_model("openai/own", "http://127.0.0.1:1/v1").api_key is None
    assert "maxLength" in check_model("gpt-5-mini").dialect.unsupported


def test_prices() -> None:
    assert pricing.price(SURFACE) == pricing.Price(0, 0, 0)
    known = pricing.price("gpt-5-mini")
    assert known is not None
    assert 0 < known.tokens_cached < known.tokens_in < known.tokens_out
    assert pricing.price("openai/never-heard-of") is None
    assert pricing.price("huggingface/some/model") is None  # the map has 0 for an unknown price


def test_cached_tokens_are_cheaper_and_part_of_those_sent() -> None:
    price = pricing.Price(tokens_in=2.0, tokens_out=10.0, tokens_cached=0.5)
    assert price.of(100, 10, 40) == 60 * 2 + 40 * 0.5 + 100


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("The quick brown fox jumps over the lazy dog.", 10), ("你好世界你好", 4)]
)
def test_token_estimates(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_clusters_are_split_by_their_numbers() -> None:
    text = "[1] A: one.\n- x\n- [3] y\n\n[2] B: two.\n- z"
    assert split_clusters(text) == ["[1] A: one.\n- x\n- [3] y", "[2] B: two.\n- z"]


def test_surface_answers_all_three_tasks_through_the_same_path(store: AnswerStore) -> None:
    piece = fence("user", "Write a python script in exactly 50 words please. Are you sure? I was told: 404.", "salt")
    members = fence("features", "Asks for a sonnet\nWants a haiku\nRequests a limerick", "salt")
    groups = fence(
        "clusters",
        "[1] Asks for verse: Poems.\n- Asks for a sonnet\n[2] Notes it is tested: Awareness.\n- Suspects a test",
        "salt",
    )
    requests = [
        _request("rate", FeatureList, load("rate", "user").render(piece=piece, at_least=10, at_most=20)),
        _request(
            "name",
            ClusterName,
            load("name", "cluster").render(features=members, neighbours=fence("neighbours", "", "s")),
        ),
        _request("interest", InterestScores, load("interest", "clusters").render(clusters=groups, audience="anyone")),
    ]
    rated, named, scored = ask(requests, store)
    assert rated.status == "ok"
    assert rated.value.features
    assert named.value.label
    assert all(score is not None for score in scored.value.of(2))
    assert {attempt.served_model for attempt in store.attempts()} == {SURFACE}
    assert {attempt.cost_usd for attempt in store.attempts()} == {0.0}
    assert all(attempt.tokens_in and attempt.tokens_out for attempt in store.attempts())


def _request(purpose: str, answer: type[FeatureList | ClusterName | InterestScores], prompt: str) -> Request:
    return Request(purpose, purpose, SURFACE, "v", prompt, answer)


def test_surface_refuses_a_prompt_without_a_fence(store: AnswerStore) -> None:
    with pytest.raises(ValueError, match="holds no fence"):
        answer_by_rules("just text")
    with pytest.raises(MachineFault, match=r"rules of surface/v1 failed on rate \(ValueError: .* holds no fence"):
        ask([_request("rate", FeatureList, "just text")], store)

"""The models behind litellm: imported late, checked before anything is paid, with our own `surface/v1` among them."""

import asyncio
import functools
import logging
import os
import warnings
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

from featdisc_assets.llm import pricing
from featdisc_assets.llm.faults import ModelError
from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.transcript import ALL_KINDS, Kind

SURFACE = "surface/v1"

# Servers of one's own, which rarely want a key; litellm knows where each listens by default.
_LOCAL = frozenset(
    {"ollama", "ollama_chat", "lm_studio", "llamafile", "hosted_vllm", "vllm", "xinference", "docker_model_runner"}
)
# Providers whose client speaks OpenAI's protocol and will not start without some key.
_OPENAI_LIKE = frozenset({"openai", "custom_openai", "text-completion-openai", "hosted_vllm", "lm_studio", "llamafile"})
_NO_KEY = "none"


@dataclass(frozen=True)
class SchemaDialect:
    """How a provider wants its structured answers asked for.

    Attributes:
        mode: An instructor mode: `JSON_SCHEMA`, or with the schema in the prompt `JSON` (enforced) or `MD_JSON` (not).
        strict: Whether to send `strict: true` with the schema.
        unsupported: Schema keywords the provider rejects; what they bound is trimmed in our code anyway.
    """

    mode: str = "JSON_SCHEMA"
    strict: bool = True
    unsupported: frozenset[str] = field(default_factory=frozenset)


_BOUNDS = frozenset({"maxLength", "maxItems"})
_DIALECTS: dict[str, SchemaDialect] = {
    "openai": SchemaDialect(unsupported=_BOUNDS),
    "azure": SchemaDialect(unsupported=_BOUNDS),
    "anthropic": SchemaDialect(unsupported=_BOUNDS),
    "bedrock": SchemaDialect(unsupported=_BOUNDS),
    "vertex_ai": SchemaDialect(strict=False),
    "gemini": SchemaDialect(strict=False),
    "deepseek": SchemaDialect(mode="JSON"),  # its API knows json_object alone
    "perplexity": SchemaDialect(strict=False),
    "huggingface": SchemaDialect(mode="MD_JSON"),
    "surface": SchemaDialect(),
}


@functools.cache
def load_litellm() -> ModuleType:
    """litellm, without its downloads and its reading of `.env`, with `surface/v1` among its providers."""
    # Before the import: else it fetches a price map and a list of headers, and loads a .env file.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    import litellm  # noqa: PLC0415  (2-3 s and 165 MB: only for those who ask a model)

    # Of vectors in base64, which its types do not foresee: it would print each of them.
    warnings.filterwarnings("ignore", message=r"Pydantic serializer warnings(?s:.)*field_name='embedding'")
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    # Its embeddings take a `max_retries` of 0 for none given, and this in its place.
    litellm.DEFAULT_MAX_RETRIES = 0  # type: ignore[attr-defined]
    handler = _surface_handler(litellm)
    litellm.custom_provider_map.append({"provider": "surface", "custom_handler": handler})
    litellm.utils.custom_llm_setup()  # type: ignore[no-untyped-call]
    costs = (
        "input_cost_per_token",
        "output_cost_per_token",
        "cache_creation_input_token_cost",
        "cache_read_input_token_cost",
    )
    free = dict.fromkeys(costs, 0.0) | {"litellm_provider": "surface", "mode": "chat"}
    litellm.register_model({SURFACE: free, "v1": free})
    return litellm


@functools.cache
def load_instructor() -> ModuleType:
    """instructor, without its log."""
    import instructor  # noqa: PLC0415  (slow, and of no use to a run whose answers are all known)

    # Its error lines repeat provider messages, which may hold a key or a piece.
    logging.getLogger("instructor").setLevel(logging.CRITICAL)
    return instructor


def _surface_handler(litellm: ModuleType) -> Any:  # noqa: ANN401  (a litellm.CustomLLM)
    class Surface(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        """Plain rules behind litellm's interface, so that a run without a key takes the path of every other run."""

        async def acompletion(self, model: str, messages: list[dict[str, Any]], **given: Any) -> object:  # noqa: ANN401  (litellm's own signature)
            await asyncio.sleep(0)  # rules never wait: let the other calls have their turn
            prompt = "\n".join(str(message["content"]) for message in messages if message["role"] != "assistant")
            text = answer_by_rules(prompt)
            response = given["model_response"]
            response.choices[0].message.content = text
            response.choices[0].finish_reason = "stop"
            response.model = model
            tokens_in, tokens_out = pricing.count_tokens(prompt), pricing.count_tokens(text)
            response.usage = litellm.Usage(
                prompt_tokens=tokens_in, completion_tokens=tokens_out, total_tokens=tokens_in + tokens_out
            )
            return response

    return Surface()


def answer_by_rules(prompt: str) -> str:
    """The JSON answer of `surface/v1` to a rendered prompt, by what stands in its fences.

    Raises:
        ValueError: If the prompt holds no fence that the rules know.
    """
    import orjson  # noqa: PLC0415

    from featdisc_assets import surface  # noqa: PLC0415  (the rules bring language models that load slowly)

    fences = open_fence(prompt)
    answer = _about_clusters(fences, surface) or _about_a_piece(prompt, fences, surface)
    if answer is None:
        raise ValueError("surface/v1 reads fenced text only, and the prompt holds no fence; put ${piece} back into it")
    return orjson.dumps(answer).decode()


def _about_clusters(fences: dict[str, str], surface: ModuleType) -> dict[str, Any] | None:
    if "features" in fences:
        others, rejected = _lines(fences.get("neighbours", "")), _lines(fences.get("rejected", ""))
        label, description = surface.name(_lines(fences["features"]), others, rejected)
        return {"label": label, "description": description}
    if "clusters" in fences and "neighbours" in fences:
        own, others = (_labels(fences[name]) for name in ("clusters", "neighbours"))
        label, description = surface.name_parent(own, others, _lines(fences.get("rejected", "")))
        return {"label": label, "description": description}
    if "phrases" in fences:
        fits = surface.judge(fences.get("name", ""), _numbered(fences["phrases"]))
        return {"fits": [{"phrase": number, "fit": fit} for number, fit in enumerate(fits, 1)]}
    if "clusters" in fences:
        scores = surface.interest(split_clusters(fences["clusters"]))
        return {"scores": [{"cluster": number, "score": score} for number, score in enumerate(scores, 1)]}
    return None


def _about_a_piece(prompt: str, fences: dict[str, str], surface: ModuleType) -> dict[str, Any] | None:
    if "piece" in fences and "codebook" in fences:
        return {"shown": surface.codebook(fences["piece"], _numbered(fences["codebook"]), _kind_named(prompt))}
    if "piece" in fences:
        return {"result": surface.verify(fences["piece"], fences.get("feature", ""), _kind_named(prompt))}
    # What is asked for stands after the fence, where a piece cannot write.
    wants_quotes = '"quote"' in prompt.rpartition("</")[2]
    for kind in ALL_KINDS:
        if kind in fences and wants_quotes:
            found = surface.quoted(fences[kind], kind, at_least=10, at_most=20)
            return {"features": [{"feature": said, "quote": words} for said, words in found]}
        if kind in fences:
            return {"features": surface.rate(fences[kind], kind, at_least=10, at_most=20)}
    return None


def _numbered(text: str) -> list[str]:
    """The entries of a list whose lines begin `[1] `, `[2] `, …, without their numbers."""
    return [block.partition("] ")[2] for block in split_clusters(text)]


def _kind_named(prompt: str) -> Kind:
    """The kind of piece that a prompt about it names; what a model answered where it names none."""
    words = {"what a user wrote": "user", "the private thoughts of a model": "thought"}
    before = prompt.partition("<piece-")[0]
    return next((cast("Kind", kind) for said, kind in words.items() if said in before), "response")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _labels(text: str) -> list[str]:
    """The labels of a list of named groups: what stands before the colon."""
    return [entry.partition(": ")[0] for entry in _numbered(text)]


def split_clusters(text: str) -> list[str]:
    """The blocks of a clusters fence, each from its `[1] Label: Description` line to the next."""
    blocks: list[str] = []
    for line in text.splitlines():
        if line.startswith(f"[{len(blocks) + 1}] "):
            blocks.append(line)
        elif blocks and line.strip():
            blocks[-1] += "\n" + line
    return blocks


@dataclass(frozen=True)
class Route:
    """Where a model string leads: litellm's provider, how to ask it, a stand-in key for a server that wants none."""

    provider: str
    dialect: SchemaDialect
    api_key: str | None = None


def check_model(model: str, api_base: str | None = None) -> Route:
    """Make sure that a model can be asked at all, without asking it.

    Args:
        model: A litellm model string, as `openai/gpt-5-mini` or `surface/v1`.
        api_base: The address of an own server, if any.

    Raises:
        ModelError: If the provider is unknown, or needs a key that the environment does not hold.
    """
    if model == SURFACE:
        return Route("surface", _DIALECTS["surface"])
    if model.startswith("surface/"):
        raise ModelError(f"there is no model {model!r}; the built-in one is {SURFACE}")
    litellm = load_litellm()
    for name in [name for name, value in os.environ.items() if name.endswith("_API_KEY") and not value.strip()]:
        del os.environ[name]  # litellm takes an empty key for a key
    try:
        _, provider, _, _ = litellm.get_llm_provider(model=model, api_base=api_base)
    except litellm.exceptions.BadRequestError:
        raise ModelError(
            f"litellm knows no provider for the model {model!r}; write provider/model, as in openai/gpt-5-mini, "
            f"anthropic/claude-sonnet-4-5 or ollama_chat/llama3.1, or use {SURFACE}, which needs none"
        ) from None
    own_server = api_base or (provider == "openai" and base_url_from_environment())
    missing = litellm.validate_environment(model=model, api_base=api_base).get("missing_keys") or []
    if not missing or provider in _LOCAL:
        return Route(
            provider, _dialect(provider, model, bool(own_server)), _placeholder_key(provider, bool(own_server))
        )
    if own_server and provider in _OPENAI_LIKE:
        return Route(provider, _dialect(provider, model, own=True), _NO_KEY)
    names = (" or " if provider == "gemini" else " and ").join(missing)
    raise ModelError(
        f"the model {model!r} needs {names} in the environment; set it there (not in a file) and start again"
    )


def is_local(model: str) -> bool:
    """True for a model on a server of one's own, where a price of 0 is meant."""
    return model.partition("/")[0] in _LOCAL


def base_url_from_environment() -> str | None:
    """The address that the environment gives in place of OpenAI's, if any."""
    return os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")


def _placeholder_key(provider: str, own_server: bool) -> str | None:
    keyless = provider in _OPENAI_LIKE and (own_server or provider in _LOCAL)
    return _NO_KEY if keyless and not os.environ.get(f"{provider.upper()}_API_KEY") else None


def _dialect(provider: str, model: str, own: bool) -> SchemaDialect:
    if provider == "openai" and own:
        return SchemaDialect()  # a server of one's own compiles the bounds into its grammar, which small models need
    dialect = _DIALECTS.get(provider, SchemaDialect())
    supported = load_litellm().get_supported_openai_params(model=model, custom_llm_provider=provider) or []
    # Where litellm would drop the schema, the prompt has to carry it.
    return dialect if "response_format" in supported else SchemaDialect(mode="MD_JSON")

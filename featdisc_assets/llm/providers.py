"""The models behind litellm: loaded on first use, checked before anything is paid."""

import functools
import logging
import os
import warnings
from dataclasses import dataclass, field
from types import ModuleType

from featdisc_assets.llm import surface_model
from featdisc_assets.llm.faults import ModelError
from featdisc_assets.llm.surface_model import SURFACE

# Servers that users run themselves, mostly without a key; litellm knows their default addresses.
_LOCAL = frozenset(
    {"ollama", "ollama_chat", "lm_studio", "llamafile", "hosted_vllm", "vllm", "xinference", "docker_model_runner"}
)
# Providers whose client speaks OpenAI's protocol and refuses to start without a key.
_OPENAI_LIKE = frozenset({"openai", "custom_openai", "text-completion-openai", "hosted_vllm", "lm_studio", "llamafile"})
_NO_KEY = "none"


@dataclass(frozen=True)
class SchemaDialect:
    """How a provider takes the schema of a structured answer.

    Attributes:
        mode: An instructor mode: `JSON_SCHEMA`, or with the schema in the prompt `JSON` (enforced) or `MD_JSON` (not).
        strict: Whether to send `strict: true` with the schema.
        unsupported: Schema keywords that the provider rejects; our code trims what they would limit.
    """

    mode: str = "JSON_SCHEMA"
    strict: bool = True
    unsupported: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Route:
    """How to reach a model: litellm's provider, its dialect, and a placeholder key for a server that needs none."""

    provider: str
    dialect: SchemaDialect
    api_key: str | None = None


_LENGTHS = frozenset({"maxLength", "maxItems"})
_DIALECTS: dict[str, SchemaDialect] = {
    "openai": SchemaDialect(unsupported=_LENGTHS),
    "azure": SchemaDialect(unsupported=_LENGTHS),
    "anthropic": SchemaDialect(unsupported=_LENGTHS),
    "bedrock": SchemaDialect(unsupported=_LENGTHS),
    "vertex_ai": SchemaDialect(strict=False),
    "gemini": SchemaDialect(strict=False),
    "deepseek": SchemaDialect(mode="JSON"),  # its API supports json_object only
    "perplexity": SchemaDialect(strict=False),
    "huggingface": SchemaDialect(mode="MD_JSON"),
}


@functools.cache
def load_litellm() -> ModuleType:
    """Litellm with `surface/v1` among its providers, and without its downloads or its reading of `.env`."""
    # Set before the import, which otherwise fetches a price map and a list of headers, and loads a .env file.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    import litellm  # noqa: PLC0415  (2-3 s and 165 MB, only needed where a model is asked)

    # litellm's types do not allow vectors in base64: it would print each of them.
    warnings.filterwarnings("ignore", message=r"Pydantic serializer warnings(?s:.)*field_name='embedding'")
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    # litellm's embeddings take `max_retries=0` for "not given" and use this default.
    litellm.DEFAULT_MAX_RETRIES = 0  # type: ignore[attr-defined]
    surface_model.register(litellm)
    return litellm


@functools.cache
def load_instructor() -> ModuleType:
    """instructor, without its log."""
    import instructor  # noqa: PLC0415  (slow, and not needed where all answers are stored)

    # Its error lines repeat provider messages, which may contain a key or a piece.
    logging.getLogger("instructor").setLevel(logging.CRITICAL)
    return instructor


def check_model(model: str, api_base: str | None = None) -> Route:
    """Check that a model can be asked, without asking it.

    Args:
        model: A litellm model string, as `openai/gpt-5-mini` or `surface/v1`.
        api_base: The address of the user's own server, if any.

    Raises:
        ModelError: If the provider is unknown, or needs a key that is not in the environment.
    """
    if model == SURFACE:
        return Route("surface", SchemaDialect())
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
    openai_base = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    is_own = bool(api_base or (provider == "openai" and openai_base))
    missing = litellm.validate_environment(model=model, api_base=api_base).get("missing_keys") or []
    if not missing or provider in _LOCAL:
        return Route(provider, _dialect(provider, model, is_own), _placeholder_key(provider, is_own))
    if is_own and provider in _OPENAI_LIKE:
        return Route(provider, _dialect(provider, model, is_own), _NO_KEY)
    names = (" or " if provider == "gemini" else " and ").join(missing)
    raise ModelError(
        f"the model {model!r} needs {names} in the environment; set it there (not in a file) and start again"
    )


def is_local(model: str) -> bool:
    """True for a model on a server that users run themselves, at a price of 0."""
    return model.partition("/")[0] in _LOCAL


def _placeholder_key(provider: str, is_own: bool) -> str | None:
    is_keyless = provider in _OPENAI_LIKE and (is_own or provider in _LOCAL)
    return _NO_KEY if is_keyless and not os.environ.get(f"{provider.upper()}_API_KEY") else None


def _dialect(provider: str, model: str, is_own: bool) -> SchemaDialect:
    if provider == "openai" and is_own:
        return SchemaDialect()  # own servers compile the lengths into a grammar, which small models need
    supported = load_litellm().get_supported_openai_params(model=model, custom_llm_provider=provider) or []
    # Where litellm would drop the schema, the prompt has to contain it.
    return _DIALECTS.get(provider, SchemaDialect()) if "response_format" in supported else SchemaDialect(mode="MD_JSON")

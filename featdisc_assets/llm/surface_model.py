"""`surface/v1`, the rule-based model, as a litellm provider: runs without a key take the same path as all others."""

import asyncio
from types import ModuleType
from typing import Any, cast

import orjson

from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.llm.tokens import count_tokens
from featdisc_assets.transcript import ALL_KINDS, Kind

SURFACE = "surface/v1"
_COSTS = (
    *("input_cost_per_token", "output_cost_per_token"),
    *("cache_creation_input_token_cost", "cache_read_input_token_cost"),
)


def register(litellm: ModuleType) -> None:
    """Add `surface/v1` to litellm's providers, at a price of 0."""
    litellm.custom_provider_map.append({"provider": "surface", "custom_handler": _handler(litellm)})
    litellm.utils.custom_llm_setup()
    free = dict.fromkeys(_COSTS, 0.0) | {"litellm_provider": "surface", "mode": "chat"}
    litellm.register_model({SURFACE: free, "v1": free})


def _handler(litellm: ModuleType) -> Any:  # noqa: ANN401  (a litellm.CustomLLM)
    class Surface(litellm.CustomLLM):  # type: ignore[misc, name-defined]
        """The rules behind litellm's interface."""

        async def acompletion(self, model: str, messages: list[dict[str, Any]], **given: Any) -> object:  # noqa: ANN401  (litellm's own signature)
            await asyncio.sleep(0)  # the rules never wait, so other calls get their turn here
            prompt = "\n".join(str(message["content"]) for message in messages if message["role"] != "assistant")
            text = answer_by_rules(prompt)
            response = given["model_response"]
            response.choices[0].message.content = text
            response.choices[0].finish_reason = "stop"
            response.model = model
            tokens_in, tokens_out = count_tokens(prompt), count_tokens(text)
            response.usage = litellm.Usage(
                prompt_tokens=tokens_in, completion_tokens=tokens_out, total_tokens=tokens_in + tokens_out
            )
            return response

    return Surface()


def answer_by_rules(prompt: str) -> str:
    """The JSON answer of `surface/v1` to a rendered prompt, from the text in its fences.

    Raises:
        ValueError: If the prompt has no fence that the rules know.
    """
    from featdisc_assets import surface  # noqa: PLC0415  (the rules load language models, which takes seconds)

    fences = open_fence(prompt)
    answer = _answer_about_clusters(fences, surface) or _answer_about_piece(prompt, fences, surface)
    if answer is None:
        raise ValueError("surface/v1 reads fenced text only, and the prompt holds no fence; put ${piece} back into it")
    return orjson.dumps(answer).decode()


def _answer_about_clusters(fences: dict[str, str], surface: ModuleType) -> dict[str, Any] | None:
    if "features" in fences:
        others, rejected = _lines(fences.get("neighbours", "")), _lines(fences.get("rejected", ""))
        label, description = surface.name_cluster(_lines(fences["features"]), others, rejected)
        return {"label": label, "description": description}
    if "clusters" in fences and "neighbours" in fences:
        own, others = (_labels(fences[name]) for name in ("clusters", "neighbours"))
        label, description = surface.name_parent(own, others, _lines(fences.get("rejected", "")))
        return {"label": label, "description": description}
    if "phrases" in fences:
        fits = surface.judge(fences.get("name", ""), _numbered(fences["phrases"]))
        return {"fits": [{"phrase": number, "fit": fit} for number, fit in enumerate(fits, 1)]}
    if "clusters" in fences:
        scores = surface.score_interest(split_clusters(fences["clusters"]))
        return {"scores": [{"cluster": number, "score": score} for number, score in enumerate(scores, 1)]}
    return None


def _answer_about_piece(prompt: str, fences: dict[str, str], surface: ModuleType) -> dict[str, Any] | None:
    if "piece" in fences and "codebook" in fences:
        return {"shown": surface.apply_codebook(fences["piece"], _numbered(fences["codebook"]), _kind_in(prompt))}
    if "piece" in fences:
        return {"verdict": surface.verify(fences["piece"], fences.get("feature", ""), _kind_in(prompt))}
    # The task's own words stand after the last fence, where a piece cannot write.
    wants_quotes = '"quote"' in prompt.rpartition("</")[2]
    for kind in ALL_KINDS:
        if kind in fences and wants_quotes:
            quoted = surface.rate_with_quotes(fences[kind], kind, at_least=10, at_most=20)
            return {"features": [{"feature": feature, "quote": quote} for feature, quote in quoted]}
        if kind in fences:
            return {"features": surface.rate(fences[kind], kind, at_least=10, at_most=20)}
    return None


def _numbered(text: str) -> list[str]:
    """The entries of a list whose lines begin `[1] `, `[2] `, …, without their numbers."""
    return [block.partition("] ")[2] for block in split_clusters(text)]


def _kind_in(prompt: str) -> Kind:
    """The kind of piece that a prompt names before the piece; `response` if it names none."""
    words = {"what a user wrote": "user", "the private thoughts of a model": "thought"}
    before = prompt.partition("<piece-")[0]
    return next((cast("Kind", kind) for phrase, kind in words.items() if phrase in before), "response")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _labels(text: str) -> list[str]:
    """The labels of a list of named groups: the text before the colon of each."""
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

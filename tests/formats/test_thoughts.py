"""Thoughts in OpenAI chat rows: every vendor's field, and the same thought in several of them."""

from typing import Any

import pytest

from featdisc_assets.formats.adapter import Origin
from featdisc_assets.formats.adapters.openai_chat import OPENAI_CHAT
from featdisc_assets.transcript import Transcript, Turn
from tests.formats.accounts import drops, is_balanced

ASK = {"role": "user", "content": "Why?"}


def read(row: object) -> Transcript:
    return OPENAI_CHAT.read(row, Origin("chats.jsonl"))


def answer(content: object = "So.", **fields: object) -> dict[str, Any]:
    return {"messages": [ASK, {"role": "assistant", "content": content, **fields}]}


THOUGHTS: dict[str, tuple[dict[str, Any], Turn]] = {
    "reasoning_content": (answer(reasoning_content="Hm."), Turn("Why?", "Hm.", "So.", "raw")),
    "reasoning": (answer(reasoning="Hm."), Turn("Why?", "Hm.", "So.", "raw")),
    "thinking": (answer(thinking="Hm."), Turn("Why?", "Hm.", "So.", "raw")),
    "reasoning.text": (
        answer(reasoning_details=[{"type": "reasoning.text", "text": "Hm.", "signature": "x"}]),
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "reasoning.summary": (
        answer(reasoning_details=[{"type": "reasoning.summary", "summary": "Hm."}]),
        Turn("Why?", "Hm.", "So.", "summary"),
    ),
    "reasoning.encrypted": (
        answer(reasoning_details=[{"type": "reasoning.encrypted", "data": "XKCD"}]),
        Turn("Why?", "", "So.", "redacted"),
    ),
    "thinking_blocks": (
        answer(thinking_blocks=[{"type": "thinking", "thinking": "Hm.", "signature": "x"}]),
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "a redacted block": (
        answer(thinking_blocks=[{"type": "redacted_thinking", "data": "XKCD"}]),
        Turn("Why?", "", "So.", "redacted"),
    ),
    "only a signature": (
        answer(thinking_blocks=[{"type": "thinking", "thinking": "", "signature": "XKCD"}]),
        Turn("Why?", "", "So.", "redacted"),
    ),
    "a thinking part": (
        answer([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "So."}]),
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "LiteLLM's own fields": (
        answer(provider_specific_fields={"reasoning_content": "Hm."}),
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "inline tags": (answer("<think>Hm.</think>So."), Turn("Why?", "Hm.", "So.", "raw")),
    "the same three times": (
        answer(
            "<think>\nHm.\n</think>\n\nSo.",
            reasoning_content="Hm.",
            reasoning="Hm.",
            reasoning_details=[{"type": "reasoning.text", "text": "Hm."}],
            thinking_blocks=[{"type": "thinking", "thinking": "Hm."}],
        ),
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "several blocks, once more in one text": (
        answer(reasoning="A. B.", reasoning_details=[{"type": "reasoning.text", "text": t} for t in ("A.", "B.")]),
        Turn("Why?", "A. B.", "So.", "raw"),
    ),
    "a summary repeated as reasoning, beside ciphertext": (
        answer(
            reasoning="In short.",
            reasoning_details=[
                {"type": "reasoning.summary", "summary": "In short."},
                {"type": "reasoning.encrypted", "data": "XKCD"},
            ],
        ),
        Turn("Why?", "In short.", "So.", "summary"),
    ),
    "two thoughts that differ": (
        answer("<think>B.</think>So.", reasoning_content="A."),
        Turn("Why?", "A.\n\nB.", "So.", "raw"),
    ),
    "tags left inside the field": (answer(reasoning_content="<think>Hm.</think>"), Turn("Why?", "Hm.", "So.", "raw")),
    "an empty thought": (answer(reasoning_content="", reasoning=None), Turn("Why?", "", "So.")),
    "hidden": (
        answer() | {"usage": {"completion_tokens_details": {"reasoning_tokens": 64}}},
        Turn("Why?", "", "So.", "hidden"),
    ),
    "no thought tokens": (
        answer() | {"usage": {"completion_tokens_details": {"reasoning_tokens": 0}}},
        Turn("Why?", "", "So."),
    ),
    "thought tokens and a text": (
        answer(reasoning="Hm.") | {"usage": {"completion_tokens_details": {"reasoning_tokens": 64}}},
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
    "a thought beside the response": (
        {"messages": [ASK], "response": "So.", "reasoning": "Hm."},
        Turn("Why?", "Hm.", "So.", "raw"),
    ),
}


@pytest.mark.parametrize(("row", "turn"), THOUGHTS.values(), ids=THOUGHTS.keys())
def test_a_thought_is_found_once(row: dict[str, Any], turn: Turn) -> None:
    assert read(row).turns == (turn,)


def test_a_raw_thought_goes_before_its_summary() -> None:
    details = [{"type": "reasoning.summary", "summary": "In short."}, {"type": "reasoning.text", "text": "At length."}]
    found = read(answer(reasoning_details=details))
    assert found.turns == (Turn("Why?", "At length.", "So.", "raw"),)
    assert drops(found) == {"thought_summary": 1}
    assert is_balanced(found)

"""Thoughts between tags in an assistant's text: seven cases, every kind of tag, and no character lost."""

import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from featdisc_assets.formats.parsing.inline_tags import Split, segments, split_thoughts

CASES = {
    "no tag": ("Plain.", Split("", "Plain.")),
    "a text without tags is left as it is": ("  two\n\nlines \n", Split("", "  two\n\nlines \n")),
    "nothing": ("", Split("", "")),
    # 1: a block
    "a block": ("<think>Hm.</think>Yes.", Split("Hm.", "Yes.", "raw")),
    "a block, other case": ("<Think>Hm.</THINK>Yes.", Split("Hm.", "Yes.", "raw")),
    "a block over lines": ("<think>\nHm.\n</think>\n\nYes.", Split("Hm.", "Yes.", "raw")),
    # 2: the closing tag only
    "closing only": ("Hm.</think>Yes.", Split("Hm.", "Yes.", "raw")),
    "closing only, then a block": (
        "Hm.</think>Yes.<think>Well.</think>No.",
        Split("Hm.\n\nWell.", "Yes.\n\nNo.", "raw"),
    ),
    "closing only, nothing before": ("\n</think>\nYes.", Split("", "Yes.")),
    # 3: the opening tag only
    "opening only": ("<think>Hm", Split("Hm", "", "raw", is_truncated=True)),
    "opening only, after an answer": ("Yes.\n<think>Hm", Split("Hm", "Yes.", "raw", is_truncated=True)),
    "opening only, after a block": ("<think>a</think>b <think>c", Split("a\n\nc", "b", "raw", is_truncated=True)),
    "opening only, a word in a sentence": ("Write <think> first.", Split("", "Write <think> first.")),
    "opening only, cut at once": ("<think>", Split("", "", None, is_truncated=True)),
    # 4: an empty block
    "an empty block": ("<think>\n\n</think>\nYes.", Split("", "Yes.")),
    "an empty tag": ("<think/>Yes.", Split("", "Yes.")),
    # 5: several blocks
    "several blocks": ("<think>a</think>b<think>c</think>d", Split("a\n\nc", "b\n\nd", "raw")),
    "a second closing tag": ("<think>a</think>b</think>c", Split("a", "b\n\nc", "raw")),
    "opened twice": ("<think>\n<think>a</think>b", Split("a", "b", "raw")),
    "closed by another name": ("<think>a</thinking>b", Split("a", "b", "raw")),
    # 6: tags that are quoted
    "quoted in a code span": ("Use `<think>x</think>`.", Split("", "Use `<think>x</think>`.")),
    "quoted in a fence": ("```\n<think>x</think>\n```\nYes.", Split("", "```\n<think>x</think>\n```\nYes.")),
    "quoted in tildes": ("~~~\nx</think>\n~~~\nYes.", Split("", "~~~\nx</think>\n~~~\nYes.")),
    "quoted within a thought": ("<think>a `</think>` b</think>c", Split("a `</think>` b", "c", "raw")),
    "a fence left open in a thought": (
        "<think>```py\nx = 1\n</think>\nSo:\n```py\nx = 2\n```",
        Split("```py\nx = 1", "So:\n```py\nx = 2\n```", "raw"),
    ),
    "a fence left open to the end": ("<think>```py\nx = 1 </think>Yes.", Split("```py\nx = 1", "Yes.", "raw")),
    # 7: attributes
    "a signature": ('<thinking signature="E=/+">a</thinking>b', Split("a", "b", "raw")),
    "redacted": ('<think signature="x" redacted="true">XKCD==</think>b', Split("", "b", "redacted")),
    # other tags
    "thinking": ("<thinking>a</thinking>b", Split("a", "b", "raw")),
    "reasoning": ("<reasoning>a</reasoning>b", Split("a", "b", "raw")),
    "thought": ("<thought>a</thought>b", Split("a", "b", "raw")),
    "scratchpad": ("<SCRATCHPAD_REASONING>a</SCRATCHPAD_REASONING>b", Split("a", "b", "raw")),
    "prefixed": ("<seed:think>a</seed:think>b", Split("a", "b", "raw")),
    "lozenges": ("◁think▷a◁/think▷b", Split("a", "b", "raw")),
    "brackets": ("[THINK]a[/THINK]b", Split("a", "b", "raw")),
    "begin of thought": (
        "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>",
        Split("a", "b", "raw"),
    ),
    "start thinking": (
        "<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>b<|END_RESPONSE|>",
        Split("a", "b", "raw"),
    ),
    "another element": ("<thinker>a</thinker>", Split("", "<thinker>a</thinker>")),
    # Harmony
    "harmony": (
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>",
        Split("a", "b", "raw"),
    ),
    "harmony, no stop token": (
        "<|channel|>analysis<|message|>a<|end|><|channel|>final<|message|>b",
        Split("a", "b", "raw"),
    ),
    "harmony, cut": ("<|channel|>analysis<|message|>a", Split("a", "", "raw", is_truncated=True)),
    "harmony, header in the prompt": (
        "a<|end|><|start|>assistant<|channel|>final<|message|>b",
        Split("a", "b", "raw"),
    ),
    "harmony, a tool call": (
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary to=functions.f "
        '<|constrain|>json<|message|>{"x":1}<|call|>',
        Split("a", "", "raw", tool=('{"x":1}',)),
    ),
    "harmony, a preamble": ("<|channel|>commentary<|message|>Let me look.<|end|>", Split("", "Let me look.")),
    "harmony without its tokens": (
        "analysisThe user asks.assistantfinalHello.",
        Split("The user asks.", "Hello.", "raw"),
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_a_text_is_told_apart(text: str, expected: Split) -> None:
    assert split_thoughts(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in CASES.values()], ids=CASES.keys())
def test_the_segments_of_a_text_are_the_text(text: str) -> None:
    assert "".join(part.text for part in segments(text)) == text


TOKENS = st.sampled_from(
    [
        *("<think>", "</think>", "<thinking signature='a'>", "</thinking>", "<think/>", '<think redacted="true">'),
        *("◁think▷", "◁/think▷", "[THINK]", "[/THINK]", "<|begin_of_thought|>", "<|end_of_thought|>"),
        *("<|channel|>", "analysis", "final", "commentary to=f", "<|message|>", "<|end|>", "<|start|>", "<|call|>"),
        *("`", "```", "~~~", "\n", " ", "word", "<", "[", "assistantfinal", "\\", "é"),
    ]
)
MARKUP = re.compile(r"\s")


def _characters(*texts: str) -> Counter[str]:
    return Counter(MARKUP.sub("", "".join(texts)))


@given(st.lists(TOKENS, max_size=30).map("".join) | st.text())
@example("<think>\n<think>")
@example("analysis assistantfinal")
def test_no_text_is_lost_or_invented(text: str) -> None:
    parts = segments(text)
    found = split_thoughts(text)
    assert "".join(part.text for part in parts) == text
    outside = [part.text for part in parts if part.kind in ("tag", "redacted", "tool")]
    assert _characters(found.thought, found.response, *outside) == _characters(text)


def test_many_blocks_take_time_in_proportion() -> None:
    found = split_thoughts("<think>`a` b</think>\n```py\nc\n```\n" * 5_000)
    assert found.thought.count("`a` b") == 5_000
    assert "<think>" not in found.response

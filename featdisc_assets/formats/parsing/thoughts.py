"""Read thoughts from the fields that vendors use, where one thought often occurs in several."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from featdisc_assets.formats.parsing.character_account import CharacterAccount
from featdisc_assets.formats.parsing.inline_tags import split_thoughts
from featdisc_assets.transcript import ThoughtForm

# DeepSeek, LiteLLM, Qwen; OpenRouter and newer vLLM; OpenRouter; LiteLLM; Ollama.
THOUGHT_FIELDS = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks", "thinking", "thought")
_BODY_FIELDS = ("text", "thinking", "reasoning", "reasoning_text", "content")
_CIPHERTEXT_FIELDS = ("data", "encrypted_content", "signature")


class Thought(NamedTuple):
    """One copy of a thought; a `redacted` one has no text."""

    text: str
    form: ThoughtForm


def message_thoughts(message: Mapping[str, Any], account: CharacterAccount) -> list[Thought]:
    """Collect the copies of a message's thought from the fields beside `content`, one per field and form."""
    found: list[Thought] = []
    for name in THOUGHT_FIELDS:
        if name in message and message[name] is not None:
            account.expected_kinds.add("thought")
        if message.get(name):
            found.extend(parse_thoughts(message[name], account))
    extra = message.get("provider_specific_fields")
    if isinstance(extra, dict):
        found.extend(message_thoughts(extra, account))
    return found


def parse_thoughts(value: object, account: CharacterAccount) -> list[Thought]:
    """Read one thought field: text, a block, or a list of blocks.

    Args:
        value: e.g. `"…"`, `[{"type": "reasoning.text", "text": "…"}]`, `{"type": "thinking", "thinking": [{…}]}`.
        account: the row's account.

    Returns:
        At most one thought of each form; the texts of several blocks are joined by a blank line.
    """
    blocks = list(_blocks(value, "raw", account))
    found: list[Thought] = []
    for form in ("raw", "summary"):
        text = account.join((account.strip(block.text, "thought") for block in blocks if block.form == form), "thought")
        if text:
            found.append(Thought(text, form))
    if any(block.form == "redacted" for block in blocks):
        found.append(Thought("", "redacted"))
    return found


class Answer(NamedTuple):
    """The text of an assistant message, its thought, and the tool calls in it (if tool traffic is kept)."""

    response: str
    thought: Thought | None
    tool: tuple[str, ...]
    is_truncated: bool


def read_answer(text: str, copies: Iterable[Thought], account: CharacterAccount) -> Answer:
    """Split a recorded assistant text, and merge the thought in it with the copies found elsewhere."""
    inline = split_thoughts(text)
    inline.update_account(account)
    inside = [Thought(inline.thought, inline.thought_form)] if inline.thought_form else []
    thought = merge_copies([*copies, *inside], account)
    return Answer(inline.response, thought, inline.tool if account.tools else (), inline.is_truncated)


def merge_copies(copies: Iterable[Thought], account: CharacterAccount) -> Thought | None:
    """Merge the copies of a message's thought.

    Copies are compared without white space. A raw text that is part of the summaries counts as summary. Raw texts take
    precedence over summaries, and any text over a redacted block. Raw texts that differ are joined by a blank line.
    The rest is dropped as `duplicate_thought` or `thought_summary`.

    Args:
        copies: thoughts from a message's fields, content parts and inline tags.
        account: the row's account.
    """
    copies = list(copies)
    if len(copies) <= 1:
        return copies[0] if copies else None
    summaries = _distinct((copy.text for copy in copies if copy.form == "summary"), account)
    summary_text = "".join(_squeeze(text) for text in summaries)
    raws: list[str] = []
    for copy in copies:
        if copy.form == "raw":
            if _squeeze(copy.text) in summary_text:
                account.drop("duplicate_thought", len(copy.text), "thought")
            else:
                raws.append(copy.text)
    raws = _distinct(raws, account)
    if raws:
        for text in summaries:
            account.drop("thought_summary", len(text), "thought")
        return Thought(account.join(raws, "thought"), "raw")
    if summaries:
        return Thought(account.join(summaries, "thought"), "summary")
    return Thought("", "redacted") if any(copy.form == "redacted" for copy in copies) else None


def _blocks(value: object, form: ThoughtForm, account: CharacterAccount) -> Iterator[Thought]:
    if isinstance(value, str):
        inner = split_thoughts(account.record(value))  # some servers leave the tags inside the field
        if inner.thought and not inner.response and not inner.tool:
            inner.update_account(account)
            yield Thought(inner.thought, form)
        else:
            yield Thought(value, form)
    elif isinstance(value, list):
        for item in value:
            yield from _blocks(item, form, account)
    elif isinstance(value, dict):
        yield from _block(value, form, account)


def _block(block: dict[str, Any], form: ThoughtForm, account: CharacterAccount) -> Iterator[Thought]:
    kind = str(block.get("type", ""))
    if "encrypted" in kind or "redacted" in kind or block.get("redacted") is True:
        # The body of a sealed block is ciphertext; its summary is text.
        sealed = {name: value for name, value in block.items() if name != "summary"}
        account.drop_value("redacted_thinking", sealed, "thought")
        yield Thought("", "redacted")
        yield from _blocks(block.get("summary"), "summary", account)
        return
    form = "summary" if "summary" in kind else form
    bodies = [block[name] for name in _BODY_FIELDS if block.get(name)]
    for body in bodies[:1]:
        yield from _blocks(body, form, account)
    yield from _blocks(block.get("summary"), "summary", account)
    if not bodies and not block.get("summary") and any(block.get(name) for name in _CIPHERTEXT_FIELDS):
        account.drop_value("redacted_thinking", block, "thought")
        yield Thought("", "redacted")


def _distinct(texts: Iterable[str], account: CharacterAccount) -> list[str]:
    """Drop texts that are part of another; the others keep their order."""
    kept: list[tuple[str, str]] = []
    for text in texts:
        key = _squeeze(text)
        if not key or any(key in other for other, _ in kept):
            account.drop("duplicate_thought" if key else "white_space", len(text), "thought")
            continue
        for other, old in kept:
            if other in key:
                account.drop("duplicate_thought", len(old), "thought")
        kept = [(other, old) for other, old in kept if other not in key]
        kept.append((key, text))
    return [text for _, text in kept]


def _squeeze(text: str) -> str:
    return "".join(text.split())

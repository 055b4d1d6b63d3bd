"""The content of a chat message: text, thoughts, tool traffic and media."""

import re
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.formats.parsing.character_account import CharacterAccount, tool_call, tool_result
from featdisc_assets.formats.parsing.thoughts import Thought, parse_thoughts
from featdisc_assets.transcript import Kind

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,[A-Za-z0-9+/=_%-]*", re.IGNORECASE)

_THINKING = {"thinking", "redacted_thinking", "reasoning"}
_TOOL_CALLS = {"tool_use", "tool_call", "function_call", "server_tool_use", "mcp_tool_use"}
_MEDIA = ("image", "audio", "video", "file", "document")


@dataclass(slots=True)
class Content:
    """A message's content: its text, the thoughts among its parts, and its tool calls and results.

    `is_tool_traffic` means that it holds tool results only; such a message does not start a turn.
    """

    text: str = ""
    thoughts: list[Thought] = field(default_factory=list)
    tool: list[str] = field(default_factory=list)
    is_tool_traffic: bool = False


def read_content(content: object, account: CharacterAccount, kind: Kind | None) -> Content:
    """Read a message's `content`: text, null, one part, or a list of parts.

    Text parts are joined by a blank line. Images, audio and files are dropped as `image` and so on, tool calls and
    results as `tool_call` and `tool_result` unless tool traffic is kept. Data URLs in the text become placeholders.

    Args:
        content: the field's value.
        account: the row's account.
        kind: the kind of piece that the text belongs to; None for a system prompt.
    """
    if isinstance(content, str):
        return Content(without_data_urls(account.record(content), account, kind))
    if content is None:
        return Content()
    found = Content()
    texts: list[str] = []
    tool_results = 0
    for part in content if isinstance(content, list) else [content]:
        tool_results += _read_part(part, texts, found, account, kind) == "tool_result"
    if kind != "response":
        # Only the model thinks; a system prompt holds no tool traffic.
        for thought in found.thoughts:
            account.drop("misplaced_thought", len(thought.text), kind)
        found.thoughts = []
    if kind is None:
        for text in found.tool:
            account.drop("misplaced_tool_traffic", len(text))
        found.tool = []
    found.text = account.join(texts, kind)
    found.is_tool_traffic = tool_results > 0 and not found.text
    return found


def without_data_urls(text: str, account: CharacterAccount, kind: Kind | None) -> str:
    """Replace each base64 data URL by its media type, such as `[image/png data]`."""
    if "base64," not in text:
        return text

    def placeholder(match: re.Match[str]) -> str:
        kept = f"[{match[1] or 'embedded'} data]"
        account.drop("data_url", len(match[0]), kind)
        account.added += len(kept)
        return kept

    return _DATA_URL.sub(placeholder, text)


def _read_part(part: Any, texts: list[str], found: Content, account: CharacterAccount, owner: Kind | None) -> str:  # noqa: ANN401
    if isinstance(part, str):
        texts.append(without_data_urls(account.record(part), account, owner))
        return "text"
    if not isinstance(part, dict):
        if part is not None:
            account.drop_value("unknown_part", part, owner)
        return "unknown"
    kind = part.get("type")
    kind = kind if isinstance(kind, str) and kind else "text"
    if kind in _THINKING:
        found.thoughts.extend(parse_thoughts(part, account))
    elif kind in _TOOL_CALLS:
        found.tool.append(tool_call(part, account))
    elif kind.endswith("tool_result"):
        found.tool.append(tool_result(part, tool_output_text(part.get("content")), account))
        return "tool_result"
    elif (text := _text_of(part)) is not None:
        texts.append(without_data_urls(account.record(text), account, owner))
        found.tool.extend(_calls(part, account))
    elif calls := _calls(part, account):
        found.tool.extend(calls)
    else:
        account.drop_value(next((name for name in _MEDIA if name in kind), "unknown_part"), part, owner)
    return kind


def _calls(part: dict[str, Any], account: CharacterAccount) -> list[str]:
    calls = part.get("tool_calls")
    return [tool_call(call, account) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def tool_output_text(content: object) -> str | None:
    """The text of a tool result without its media; None if the result is neither text, a list nor null."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [text for part in content if isinstance(part, dict) and (text := _text_of(part))]
        return "\n\n".join(texts)
    return "" if content is None else None


def _text_of(part: dict[str, Any]) -> str | None:
    """The text of a `text`, `input_text`, `output_text` or `refusal` part; it may be wrapped in `{"value": …}`."""
    text = part.get("text")
    if text is None:
        text = part.get("refusal")
    if isinstance(text, dict):
        text = text.get("value")
    return text if isinstance(text, str) else None

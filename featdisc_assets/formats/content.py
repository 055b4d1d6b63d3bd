"""The content of a chat message: text, parts, and what may not go on to a rater."""

import re
from dataclasses import dataclass, field
from typing import Any

from featdisc_assets.formats.thoughts import Thought, thoughts_in

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,[A-Za-z0-9+/=_%-]*", re.IGNORECASE)

_THINKING = {"thinking", "redacted_thinking", "reasoning"}
_TOOL_CALLS = {"tool_use", "tool_call", "function_call", "server_tool_use"}


@dataclass(slots=True)
class Content:
    """A message's content, sorted: its text, the thoughts among its parts, and whether it only carried tool results."""

    text: str = ""
    thoughts: list[Thought] = field(default_factory=list)
    is_tool_traffic: bool = False


def count(dropped: dict[str, int], what: str, n: int = 1) -> None:
    """Note that `n` of something were left out, under a name that is countable in SQL."""
    if n:
        dropped[what] = dropped.get(what, 0) + n


def read_content(content: object, dropped: dict[str, int]) -> Content:
    """Read a message's `content`: text, null, one part, or a list of parts.

    Text parts are joined by a blank line. Images, audio and files are counted in `dropped` as `image_parts` and so on,
    tool calls and tool results as `tool_calls` and `tool_results`; data URLs in the text are replaced by their kind.

    Args:
        content: the field's value.
        dropped: counts are added here.

    Returns:
        The sorted content.
    """
    if isinstance(content, str):
        return Content(without_data_urls(content, dropped))
    if content is None:
        return Content()
    found = Content()
    texts: list[str] = []
    tool_results = 0
    for part in content if isinstance(content, list) else [content]:
        kind = _read_part(part, texts, found.thoughts, dropped)
        tool_results += kind == "tool_result"
    found.text = "\n\n".join(text for text in texts if text.strip())
    found.is_tool_traffic = tool_results > 0 and not found.text
    return found


def without_data_urls(text: str, dropped: dict[str, int]) -> str:
    """Replace every base64 data URL by its kind, e.g. `[image/png data]`."""
    if "base64," not in text:
        return text
    text, n = _DATA_URL.subn(lambda match: f"[{match[1] or 'embedded'} data]", text)
    count(dropped, "data_urls", n)
    return text


def _read_part(part: Any, texts: list[str], thoughts: list[Thought], dropped: dict[str, int]) -> str:  # noqa: ANN401
    if isinstance(part, str):
        texts.append(without_data_urls(part, dropped))
        return "text"
    if not isinstance(part, dict):
        count(dropped, "unknown_parts", part is not None)
        return "unknown"
    kind = part.get("type")
    kind = kind if isinstance(kind, str) and kind else "text"
    if kind in _THINKING:
        thoughts.extend(thoughts_in(part))
    elif kind in _TOOL_CALLS:
        count(dropped, "tool_calls")
    elif kind.endswith("tool_result"):
        count(dropped, "tool_results")
        return "tool_result"
    elif (text := _text_of(part)) is not None:
        texts.append(without_data_urls(text, dropped))
        calls = part.get("tool_calls")
        count(dropped, "tool_calls", len(calls) if isinstance(calls, list) else 0)
    elif isinstance(part.get("tool_calls"), list):
        count(dropped, "tool_calls", len(part["tool_calls"]))
    else:
        medium = next((name for name in ("image", "audio", "video", "file", "document") if name in kind), "unknown")
        count(dropped, f"{medium}_parts")
    return kind


def _text_of(part: dict[str, Any]) -> str | None:
    """`text`, `input_text`, `output_text` and `refusal` parts, and a text wrapped once more in `{"value": …}`."""
    text = part.get("text")
    if text is None:
        text = part.get("refusal")
    if isinstance(text, dict):
        text = text.get("value")
    return text if isinstance(text, str) else None

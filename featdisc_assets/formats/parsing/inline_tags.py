"""Thoughts written into the answer itself, between tags: told apart from the response without losing a character."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from featdisc_assets.formats.parsing.character_account import CharacterAccount
from featdisc_assets.formats.parsing.code_regions import CodeRegions
from featdisc_assets.formats.parsing.harmony import harmony_segments
from featdisc_assets.formats.parsing.segments import Segment
from featdisc_assets.transcript import Kind, ThoughtForm

# The first character stands before the alternatives: a search that can skip to it is several times faster.
_TAG = re.compile(
    r"""[<\[◁](?i:
      (?<=<)(?P<shut1>/)?(?:\w+:)?(?P<name1>think(?:ing)?|thoughts?|reasoning|antthinking|scratchpad(?:_reasoning)?)
          (?P<attributes>\s[^<>]*?)?(?P<empty>/)?>
    | (?<=◁)(?P<shut2>/)?(?P<name2>think)▷
    | (?<=\[)(?P<shut3>/)?(?P<name3>think)\]
    | (?<=<)\|(?:(?:begin_of|start)|(?P<shut4>end_of|end))_(?P<name4>thought|thinking)\|>
    | (?<=<)\|(?P<frame>(?:begin_of|end_of|start|end)_(?:solution|response))\|>
    )""",
    re.VERBOSE,
)
# A text of many blocks, none of which closes for sure, must not be searched to its end for each.
_CLOSING_TAGS_TRIED = 64
_REDACTED = re.compile(r"\bredacted\s*=\s*[\"']?(?:true|1)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """An assistant text told apart.

    `thought_form` is None where there is no thought, an empty block included; `is_truncated` says the text ends inside
    a thought. `tool` are Harmony messages to a tool. `dropped` counts the characters in no part, by reason, and `added`
    those put between the parts.
    """

    thought: str
    response: str
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False
    tool: tuple[str, ...] = ()
    dropped: tuple[tuple[str, int, Kind], ...] = field(default=(), compare=False)
    added: int = field(default=0, compare=False)

    def update_account(self, account: CharacterAccount) -> None:
        """Put what the cutting dropped and added into the account; the text itself must have been recorded."""
        for reason, n_chars, kind in self.dropped:
            account.drop(reason, n_chars, kind)
        account.added += self.added


def split_thoughts(text: str) -> Split:
    """Tell an assistant text's thoughts from its response.

    Tags count only outside fenced code and code spans. A closing tag without an opening one makes all before it the
    thought. An opening tag without a closing one makes all after it the thought, and the text truncated, if it stands
    at the start of a line or after an earlier block (elsewhere it is a word in a sentence). The content of a tag with
    `redacted="true"` is ciphertext and goes nowhere.

    Args:
        text: what one assistant message says. Never use it on a user's text.

    Returns:
        The parts; several blocks are joined by a blank line. A text without tags comes back unchanged as the response.
    """
    parts = segments(text)
    if len(parts) <= 1 and all(part.kind == "response" for part in parts):
        return Split("", text)
    dropped: list[tuple[str, int, Kind]] = []
    texts: dict[str, list[str]] = {"thought": [], "response": []}
    for part in parts:
        if part.kind in ("thought", "response"):
            bare = part.text.strip()
            if bare:
                texts[part.kind].append(bare)
            if len(bare) < len(part.text):
                dropped.append(("white_space", len(part.text) - len(bare), part.kind))
        elif part.kind == "tag":
            dropped.append(("thought_tag", len(part.text), "thought"))
        elif part.kind == "redacted":
            dropped.append(("redacted_thinking", len(part.text), "thought"))
    thoughts, responses = texts["thought"], texts["response"]
    redacted = any(part.kind == "redacted" for part in parts)
    return Split(
        "\n\n".join(thoughts),
        "\n\n".join(responses),
        thought_form="raw" if thoughts else "redacted" if redacted else None,
        is_truncated=parts[-1].is_cut,
        tool=tuple(part.text for part in parts if part.kind == "tool"),
        dropped=tuple(dropped),
        added=2 * (max(len(thoughts) - 1, 0) + max(len(responses) - 1, 0)),
    )


def segments(text: str) -> list[Segment]:
    """Cut a text into thoughts, responses, tags and ciphertext, in order.

    Args:
        text: what one assistant message says.

    Returns:
        The segments; their texts put together are the input, character by character.
    """
    if ("<|channel|>" in text or "assistantfinal" in text) and (found := harmony_segments(text)):
        return found
    if ("<" in text or "[" in text or "◁" in text) and _TAG.search(text):
        return _Cutter(text).cut()
    return [Segment("response", text)] if text else []


class _Tag(NamedTuple):
    start: int
    end: int
    role: Literal["open", "shut", "empty", "frame"]
    name: str
    is_redacted: bool
    # Inside a fence, yet perhaps a real tag: the fence never closes, or the tag begins a line.
    is_doubtful: bool


class _Cutter:
    """One pass over a text that holds tags; each block's code is found afresh, as fences do not reach across it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Segment] = []
        self.done = 0  # everything before is in `found`
        self.any_block = False
        self.never_closed: set[str] = set()
        self.tags = [_tag(match) for match in _TAG.finditer(text)]
        self.starts = [tag.start for tag in self.tags]
        self.last_closing = {tag.name: tag.start for tag in self.tags if tag.role == "shut"}
        self.code = CodeRegions(text)

    def cut(self) -> list[Segment]:
        position: int | None = 0
        while position is not None:
            position = self._next_block(position)
        self._take("response", len(self.text))
        return self.found

    def _next_block(self, position: int) -> int | None:
        """Take what the next tag ends or begins; returns where to look on, or None at the end."""
        for tag in self._tags(position):
            if tag.is_doubtful:
                continue
            if tag.role == "open":
                if (after := self._take_block(tag)) is not None:
                    return after
                continue
            self._take("response", tag.start)
            if tag.role == "shut" and not self.any_block:
                self.found = [Segment("thought", part.text) if part.kind == "response" else part for part in self.found]
                self.any_block = True
            self._take("tag", tag.end)
            return tag.end
        return None

    def _take_block(self, tag: _Tag) -> int | None:
        shut = None if tag.name in self.never_closed else self._closing(tag)
        if shut is None:
            self.never_closed.add(tag.name)
            line = self.text[self.text.rfind("\n", 0, tag.start) + 1 : tag.start]
            if not self.any_block and line.strip():
                return None
        self.any_block = True
        self._take("response", tag.start)
        self._take("tag", tag.end)
        while (again := self._next_tag()) and (again.name, again.role) == (tag.name, "open"):
            self._take("tag", again.end)  # some templates open the block twice
        body = "redacted" if tag.is_redacted else "thought"
        if shut is None:
            self.found.append(Segment(body, self.text[self.done :], is_cut=True))  # type: ignore[arg-type]
            self.done = len(self.text)
            return self.done
        self._take(body, shut.start)  # type: ignore[arg-type]
        self._take("tag", shut.end)
        return shut.end

    def _closing(self, tag: _Tag) -> _Tag | None:
        """The tag's own closing tag, else one of another name; a doubtful one only where there is no sure one."""
        own_name_comes = self.last_closing.get(tag.name, -1) > tag.start
        best: dict[tuple[bool, bool], _Tag] = {}
        seen = 0
        for other in self._tags(tag.end):
            if other.role != "shut":
                continue
            rank = (other.is_doubtful, other.name != tag.name)
            best.setdefault(rank, other)
            seen += 1
            if rank == (False, False) or (rank == (False, True) and not own_name_comes) or seen == _CLOSING_TAGS_TRIED:
                break
        return best[min(best)] if best else None

    def _next_tag(self) -> _Tag | None:
        """The tag that follows with nothing but white space between, if one does."""
        index = bisect_left(self.starts, self.done)
        follows = index < len(self.tags) and not self.text[self.done : self.starts[index]].strip()
        return self.tags[index] if follows else None

    def _take(self, kind: Literal["thought", "response", "tag", "redacted"], end: int) -> None:
        if end > self.done:
            self.found.append(Segment(kind, self.text[self.done : end]))
            self.done = end

    def _tags(self, position: int) -> Iterator[_Tag]:
        """Tags from a position on, without those quoted in code."""
        regions = self.code.starting_from(position)
        region = next(regions, None)
        for index in range(bisect_left(self.starts, position), len(self.tags)):
            tag = self.tags[index]
            while region is not None and region.end <= tag.start:
                region = next(regions, None)
            if region is None or tag.start < region.start:
                yield tag
            elif region.is_fence:
                line = self.text[self.text.rfind("\n", 0, tag.start) + 1 : tag.start]
                if not region.is_closed or not line.strip():
                    yield tag._replace(is_doubtful=True)


def _tag(match: re.Match[str]) -> _Tag:
    attributes = match["attributes"]
    is_redacted = attributes is not None and _REDACTED.search(attributes) is not None
    role: Literal["open", "shut", "empty", "frame"] = "open"
    if match["frame"]:
        role = "frame"
    elif match["empty"]:
        role = "empty"
    elif any(match[f"shut{i}"] for i in (1, 2, 3, 4)):
        role = "shut"
    name = next((match[f"name{i}"] for i in (1, 2, 3, 4) if match[f"name{i}"]), "").lower()
    return _Tag(match.start(), match.end(), role, name, is_redacted, is_doubtful=False)

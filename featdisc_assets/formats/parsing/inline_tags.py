"""Split an assistant text into thoughts (between tags, or in Harmony channels) and the response."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from featdisc_assets.formats.parsing.character_account import CharacterAccount
from featdisc_assets.formats.parsing.code_regions import CodeRegions
from featdisc_assets.formats.parsing.harmony import Segment, harmony_segments
from featdisc_assets.transcript import Kind, ThoughtForm

# The first character is outside the alternatives: the search then skips to it, which is several times faster.
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
# Limits the search in texts of many blocks none of which clearly closes.
_CLOSING_TAGS_TRIED = 64
_REDACTED = re.compile(r"\bredacted\s*=\s*[\"']?(?:true|1)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """An assistant text, split.

    `thought_form` is None if there is no thought or only an empty block; `is_truncated` means that the text ends inside
    a thought. `tool` holds Harmony messages to a tool. `dropped` counts the characters in none of the parts, by reason,
    and `added` those between joined parts.
    """

    thought: str
    response: str
    thought_form: ThoughtForm | None = None
    is_truncated: bool = False
    tool: tuple[str, ...] = ()
    dropped: tuple[tuple[str, int, Kind], ...] = field(default=(), compare=False)
    added: int = field(default=0, compare=False)

    def update_account(self, account: CharacterAccount) -> None:
        """Add the dropped and added characters to the account, which has recorded the text before."""
        for reason, n_chars, kind in self.dropped:
            account.drop(reason, n_chars, kind)
        account.added += self.added
        if not account.tools:
            for text in self.tool:
                account.drop("tool_call", len(text), "tool")


def split_thoughts(text: str) -> Split:
    """Split an assistant text into thoughts and response.

    Tags inside fenced code and code spans do not count. After a closing tag without an opening one, everything before
    it is the thought. After an opening tag without a closing one, everything after it is the thought and the text is
    truncated, provided that the tag starts a line or follows an earlier block (elsewhere it is a word in a sentence).
    The content of a tag with `redacted="true"` is ciphertext and is dropped.

    Args:
        text: the text of one assistant message, never of a user.

    Returns:
        The parts; several blocks are joined by a blank line. A text without tags is returned unchanged as the response.
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
    """Split the text of an assistant message into segments that concatenate to the input."""
    if ("<|channel|>" in text or "assistantfinal" in text) and (found := harmony_segments(text)):
        return found
    if ("<" in text or "[" in text or "◁" in text) and _TAG.search(text):
        return _Segmenter(text).segments()
    return [Segment("response", text)] if text else []


class _Tag(NamedTuple):
    start: int
    end: int
    role: Literal["open", "shut", "empty", "frame"]
    name: str
    is_redacted: bool
    # Inside a fence, but perhaps a real tag: the fence never closes, or the tag begins a line.
    is_doubtful: bool


class _Segmenter:
    """One pass over a text with tags. Fences do not reach across a block, so code is searched again after each."""

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

    def segments(self) -> list[Segment]:
        position: int | None = 0
        while position is not None:
            position = self._next_block(position)
        self._take("response", len(self.text))
        return self.found

    def _next_block(self, position: int) -> int | None:
        """Take the segment that the next tag ends or begins; returns the next position, or None at the end."""
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
        """The tag's closing tag: its own name before others, certain tags before doubtful ones."""
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
        """The tag that follows with only white space between, if there is one."""
        index = bisect_left(self.starts, self.done)
        follows = index < len(self.tags) and not self.text[self.done : self.starts[index]].strip()
        return self.tags[index] if follows else None

    def _take(self, kind: Literal["thought", "response", "tag", "redacted"], end: int) -> None:
        if end > self.done:
            self.found.append(Segment(kind, self.text[self.done : end]))
            self.done = end

    def _tags(self, position: int) -> Iterator[_Tag]:
        """Yield the tags from a position on, without those quoted in code."""
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

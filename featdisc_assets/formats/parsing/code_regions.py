"""The code in a Markdown text: fenced blocks and code spans."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

# The info string of a backtick fence holds no backtick, or it would be a code span.
_FENCE = re.compile(r"^[ \t]*(?:(?P<ticks>`{3,})(?P<info>[^`\n]*)|(?P<tildes>~{3,})(?P<rest>[^\n]*))$", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)")


class Region(NamedTuple):
    """A stretch of code: a fenced block or a code span. A block that is not closed reaches to the end of the text."""

    start: int
    end: int
    is_fence: bool
    is_closed: bool


class _Fence(NamedTuple):
    start: int
    end: int
    mark: str
    is_bare: bool


class CodeRegions:
    """The code in one text, indexed once for repeated lookups."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._fences = [_fence(match) for match in _FENCE.finditer(text)] if "```" in text or "~~~" in text else []
        self._fence_starts = [fence.start for fence in self._fences]
        self._closing = {
            sign: [i for i, fence in enumerate(self._fences) if fence.is_bare and fence.mark[0] == sign]
            for sign in "`~"
        }
        self._spans = [match.span() for match in _SPAN.finditer(text)] if "`" in text else []
        self._span_starts = [start for start, _ in self._spans]

    def starting_from(self, position: int) -> Iterator[Region]:
        """Yield the code from a position on, as if the text began there: fences opened before it do not count."""
        while True:
            fence = bisect_left(self._fence_starts, position)
            span = bisect_left(self._span_starts, position)
            fence_start = self._fence_starts[fence] if fence < len(self._fences) else self._length
            span_start = self._span_starts[span] if span < len(self._spans) else self._length
            if span_start < fence_start:
                region = Region(*self._spans[span], is_fence=False, is_closed=True)
            elif fence < len(self._fences):
                region = self._block(fence)
            else:
                return
            yield region
            position = region.end

    def _block(self, opening: int) -> Region:
        fence = self._fences[opening]
        candidates = self._closing[fence.mark[0]]
        for i in candidates[bisect_left(candidates, opening + 1) :][:100]:
            if len(self._fences[i].mark) >= len(fence.mark):
                return Region(fence.start, self._fences[i].end, is_fence=True, is_closed=True)
        return Region(fence.start, self._length, is_fence=True, is_closed=False)


def _fence(match: re.Match[str]) -> _Fence:
    mark = match["ticks"] or match["tildes"]
    return _Fence(match.start(), match.end(), mark, not (match["info"] or match["rest"] or "").strip())

"""One piece of text as the rules look at it: turns, code, prose, words, sentences."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from featdisc_assets.stages.language import SENTENCE_END, detect_language, words_of
from featdisc_assets.surface.phrases import Phrases, Span, positions_of
from featdisc_assets.transcript import TURN_BREAK, Kind

# Of a longer piece than twice this many characters only the beginning and the end are looked at.
_MAX_SIDE: Final = 20_000
# Characters from which a language is detected.
LANGUAGE_PREFIX: Final = 400

_FENCE: Final = re.compile(r"```[^\n`]{0,100}\n.*?(?:```|\Z)|~~~[^\n~]{0,100}\n.*?(?:~~~|\Z)", re.DOTALL)
_INLINE_CODE: Final = re.compile(r"`[^`\n]{1,200}`")
_URL: Final = re.compile(r"\b(?:https?://|www\.)[^\s<>()\[\]\"']{1,400}", re.IGNORECASE)
_LOG_LINE: Final = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?\d\d:\d\d:\d\d|Traceback \(most recent|File \"[^\"\n]{1,200}\", line \d"
    r"|at [\w$.<>]{1,120}\([^)\n]{0,120}\)|(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\b[ :\[]"
    r"|\[(?:debug|info|warn|warning|error|fatal|trace)\]"
    r"|[<>*] (?:HTTP/|(?:GET|POST|PUT|PATCH|DELETE|HEAD) /|(?:Host|User-Agent|Server|Accept|Content-[A-Za-z]+|"
    r"Retry-After): )|\d{1,3}(?:\.\d{1,3}){3} - )",
    re.MULTILINE,
)
_CODE_LINE: Final = re.compile(
    r"^\s*(?:(?:def|class) \w+.*:\s*$|(?:from [\w.]+ )?import [\w.,* {}]+;?\s*$|#include\b|(?:const|let|var) \w+ ?=|"
    r"(?:public|private|static) .*[{;]\s*$|func(?:tion)? ?\w*\(.*\{|fn \w+.*\{|return\b.*;\s*$|[})\]]+;?\s*$|"
    r"SELECT .* FROM |(?:GET|POST|PUT|PATCH|DELETE) /\S*|\$ ?\w+ |curl |[\w.\[\]]+ = [\w.]+\(.*\)\s*$|"
    r"</?[a-z]+[^>\n]{0,200}>\s*$|"
    r"[\w.]+\(.{0,200}\);?\s*$|.{0,200}[;{]\s*$)",
    re.MULTILINE,
)
_TAG: Final = re.compile(r"</?[A-Za-z!][^<>\n]{0,300}>")
_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class TextView:
    """One piece, with what the rules share; computed on first use.

    Attributes:
        kind: What the piece holds.
        text: The piece; of a very long one its beginning and its end.
        turns: The turns of the piece, at least one, without the separator between them.
    """

    kind: Kind
    text: str
    turns: tuple[str, ...]

    @cached_property
    def body(self) -> str:
        """All turns, joined by blank lines."""
        return "\n\n".join(self.turns)

    @cached_property
    def fences(self) -> tuple[str, ...]:
        """The fenced code blocks, including the fences."""
        return tuple(_FENCE.findall(self.body)) if "```" in self.body or "~~~" in self.body else ()

    @cached_property
    def unfenced(self) -> str:
        """The text without fenced code blocks."""
        return _FENCE.sub("\n\n", self.body) if self.fences else self.body

    @cached_property
    def log_lines(self) -> tuple[str, ...]:
        """Lines of a log, a stack trace or HTTP headers, inside and outside fences."""
        return tuple(line for line in self.body.splitlines() if _LOG_LINE.match(line[:400]))

    @cached_property
    def code_lines(self) -> tuple[str, ...]:
        """Lines outside fences that look like code."""
        return tuple(line for line in self.unfenced.splitlines() if _CODE_LINE.match(line[:400]))

    @cached_property
    def prose(self) -> str:
        """The text without code, links, markup tags and log lines."""
        text = self.unfenced
        if "`" in text:
            text = _INLINE_CODE.sub(" ", text)
        if "http" in text or "www." in text:
            text = _URL.sub(" ", text)
        if "<" in text:
            text = _TAG.sub(" ", text)
        if self.log_lines:
            text = "\n".join(line for line in text.splitlines() if not _LOG_LINE.match(line[:400]))
        return text

    @cached_property
    def words(self) -> list[str]:
        """The folded words and sentence ends of the prose, after a first sentence end, which a phrase may require."""
        return [".", *words_of(self.prose)]

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """The positions of each word in `words`."""
        return positions_of(self.words)

    @cached_property
    def n_words(self) -> int:
        """The number of words in the prose, without sentence ends."""
        return len(self.words) - sum(len(self.positions.get(end, ())) for end in (*SENTENCE_END, ":"))

    @cached_property
    def sentences(self) -> list[Span]:
        """The sentences as ranges of `words`, without the sentence ends."""
        spans, start = list[Span](), 0
        for at, word in enumerate([*self.words, "."]):
            if word in SENTENCE_END:
                if at > start:
                    spans.append((start, at))
                start = at + 1
        return spans

    @cached_property
    def unfenced_turns(self) -> tuple[str, ...]:
        """Each turn without its fenced code."""
        return tuple(_FENCE.sub("\n", turn) for turn in self.turns) if self.fences else self.turns

    @cached_property
    def language(self) -> str | None:
        """The English name of the language of the prose, or None where it is too short to decide."""
        return detect_language(self.prose[:LANGUAGE_PREFIX])

    @cached_property
    def is_cjk(self) -> bool:
        """Whether the prose contains Chinese, Japanese or Korean."""
        return not self.prose.isascii() and _CJK.search(self.prose) is not None

    def spans(self, phrases: Phrases) -> list[Span]:
        """Where the phrases occur in `words`."""
        return phrases.spans(self.words, self.positions)

    def contains(self, phrases: Phrases) -> bool:
        """Whether the prose contains any of the phrases."""
        if phrases.found(self.words, self.positions):
            return True
        return bool(phrases.substrings) and self.is_cjk and any(s in self.prose for s in phrases.substrings)

    def count(self, phrases: Phrases) -> int:
        """How often the phrases occur; overlapping ones count once."""
        n, reached = 0, -1
        for start, end in self.spans(phrases):
            if start >= reached:
                n, reached = n + 1, end
        if phrases.substrings and self.is_cjk:
            n += sum(self.prose.count(s) for s in phrases.substrings)
        return n


def view_of(text: str, kind: Kind) -> TextView:
    """The view of a piece; turns are separated by `TURN_BREAK`."""
    shown = text if len(text) <= 2 * _MAX_SIDE else text[:_MAX_SIDE] + "\n\n" + text[-_MAX_SIDE:]
    turns = tuple(t for t in (turn.strip() for turn in shown.split(TURN_BREAK.strip())) if t) or ("",)
    return TextView(kind=kind, text=shown, turns=turns)

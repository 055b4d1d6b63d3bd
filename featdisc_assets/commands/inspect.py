"""Show what a source holds, in one pass that keeps some 500 bytes per text. Nothing is written or paid."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from featdisc_assets import formats
from featdisc_assets.formats.parsing.kinds import KindCounts
from featdisc_assets.stages import near_equal
from featdisc_assets.transcript import ALL_KINDS, Kind, Rejected, Transcript

EXAMPLES = 5
_EXCERPT = 160
# Texts sketched at a time; a sketch is as long as some 30 words.
_BATCH = 5_000


@dataclass(slots=True)
class Inspection:
    """The results of one pass over sources; numbers count transcripts unless their name says otherwise."""

    format_counts: Counter[str] = field(default_factory=Counter)
    n_transcripts: int = 0
    n_turns: int = 0
    models: Counter[str] = field(default_factory=Counter)
    n_groups: int = 0
    pieces: Counter[str] = field(default_factory=Counter)
    chars: Counter[str] = field(default_factory=Counter)
    thought_forms: Counter[str] = field(default_factory=Counter)
    n_truncated: int = 0
    chars_in: int = 0
    dropped: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    repaired: Counter[str] = field(default_factory=Counter)
    examples: list[Transcript] = field(default_factory=list)
    quarantine: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    near_equal_lines: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass(slots=True)
class _KindTexts:
    """Sketches of the texts of one kind, to find near-equal ones."""

    waiting: list[str] = field(default_factory=list)
    sketches: list[near_equal.Sketches] = field(default_factory=list)
    excerpts: list[str] = field(default_factory=list)
    # A hash of text and group: if all are equal, a question was asked many times on purpose.
    origins: list[int] = field(default_factory=list)

    def add(self, text: str, group: str) -> None:
        self.waiting.append(text[: near_equal.FIRST_CHARS])
        self.excerpts.append(text[:_EXCERPT])
        self.origins.append(hash((text, group)))
        if len(self.waiting) >= _BATCH:
            self.sketch()

    def sketch(self) -> None:
        texts = pa.array(self.waiting, pa.string())
        self.sketches.append(near_equal.sketches(texts, first_chars=near_equal.FIRST_CHARS))
        self.waiting = []

    def line(self, kind: str) -> str | None:
        """The line that a run will log about near-equal texts, or None if there are too few."""
        self.sketch()
        number = near_equal.groups(np.concatenate(self.sketches), similarity=near_equal.SIMILARITY)
        order = np.argsort(number, kind="stable")
        members = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
        large = [
            rows
            for rows in members
            if len(rows) >= near_equal.MIN_TRANSCRIPTS and len({self.origins[row] for row in rows}) > 1
        ]
        if not large:
            return None
        largest = max(large, key=len)
        n_texts = sum(map(len, large))
        return near_equal.summary_line(kind, n_texts, len(large), len(largest), self.excerpts[largest[0]])


def inspect(paths: Sequence[str], reading: formats.Reading, *, most: int = 0) -> Inspection:
    """Read sources and count their contents.

    Args:
        paths: files, folders and globs.
        reading: how to read them; set `allow_empty` to report an empty kind with the other results.
        most: stop after this many rows, 0 for all.

    Raises:
        SourceError: if a path matches nothing readable.
    """
    found = Inspection()
    kinds, groups = KindCounts(), set[str]()
    seen = {kind: _KindTexts() for kind in ALL_KINDS}
    # The salt only has to be the same within this pass.
    items = formats.read(paths, reading=reading, salt=b"inspect", format_counts=found.format_counts)
    try:
        for item in islice(items, most or None):
            if isinstance(item, Rejected):
                found.quarantine[item.reason] += 1
                if len(found.rejected) < EXAMPLES:
                    found.rejected.append(item)
            else:
                kinds.add(item)
                groups.add(item.group_key or item.transcript_id)
                _count(found, item, seen)
    except formats.SourceError as error:
        found.problem = str(error)
    found.n_groups = len(groups)
    found.near_equal_lines = [line for kind, texts in seen.items() if (line := texts.line(kind))]
    found.problem = found.problem or kinds.problem(", ".join(paths)) or ""
    return found


def _count(found: Inspection, transcript: Transcript, seen: dict[Kind, _KindTexts]) -> None:
    found.n_transcripts += 1
    found.n_turns += len(transcript.turns)
    found.models[transcript.model or "(none)"] += 1
    found.chars_in += transcript.chars_in
    found.repaired.update(transcript.metadata.get("reading_notes", {}))
    found.n_truncated += any(turn.is_truncated for turn in transcript.turns)
    for kind in ALL_KINDS:
        texts = [text for turn in transcript.turns if (text := getattr(turn, kind))]
        found.pieces[kind] += bool(texts)
        found.chars[kind] += sum(len(text) for text in texts)
        if texts:
            seen[kind].add("\n\n".join(texts), transcript.group_key or transcript.transcript_id)
    forms = [turn.thought_form for turn in transcript.turns if turn.thought_form]
    found.thought_forms[max(forms) if forms else "none"] += 1
    for entry in transcript.dropped:
        n, n_chars = found.dropped.get((entry.kind or "", entry.reason), (0, 0))
        found.dropped[entry.kind or "", entry.reason] = (n + entry.n, n_chars + entry.n_chars)
    if len(found.examples) < EXAMPLES:
        found.examples.append(transcript)


def show(found: Inspection) -> None:
    """Print an inspection."""
    console = Console(highlight=False)
    formats_read = ", ".join(f"{name} {n:,}" for name, n in found.format_counts.most_common()) or "none"
    console.print(Text(f"formats      {formats_read}"))
    models = ", ".join(f"{name} {n:,}" for name, n in found.models.most_common(8))
    console.print(Text(f"transcripts  {found.n_transcripts:,} of {found.n_groups:,} groups, {found.n_turns:,} turns"))
    console.print(Text(f"models       {models or 'none'}"))
    forms = ", ".join(f"{name} {n:,}" for name, n in found.thought_forms.most_common())
    console.print(Text(f"thoughts     {forms or 'none'}; {found.n_truncated:,} transcripts were cut off"))
    for line in found.near_equal_lines:
        console.print(Text(f"near-equal   {line}"))
    if found.repaired:
        console.print(Text(f"repaired     {', '.join(f'{name} {n:,}' for name, n in found.repaired.most_common())}"))
    _show_characters(console, found)
    _show_examples(console, found)
    if found.quarantine:
        console.print(_table("Quarantine", ("rows", "reason"), [
            (f"{n:,}", reason) for reason, n in found.quarantine.most_common(20)]))  # fmt: skip
        for row in found.rejected:
            console.print(Text(f"  {row.location}: {_plain(row.excerpt)}"))
    if found.problem:
        console.print(Text(f"\n{found.problem}", style="bold"))


def _show_characters(console: Console, found: Inspection) -> None:
    rows = [
        (
            f"{found.pieces[kind]:,}",
            f"{found.chars[kind]:,}",
            _share(found.chars[kind], found.chars_in),
            f"{kind} pieces",
        )
        for kind in ALL_KINDS
        if found.pieces[kind] or kind != "tool"
    ]
    dropped = sorted(found.dropped.items(), key=lambda item: (-item[1][1], item[0]))
    rows += [
        (f"{n:,}", f"{n_chars:,}", _share(n_chars, found.chars_in), f"dropped: {reason}{f' ({kind})' if kind else ''}")
        for (kind, reason), (n, n_chars) in dropped
    ]
    title = f"Where {found.chars_in:,} characters go"
    console.print("", _table(title, ("times", "characters", "share", "to"), rows))


def _show_examples(console: Console, found: Inspection) -> None:
    for transcript in found.examples:
        console.print("", Text(_plain(transcript.transcript_id), style="bold"))
        for kind in ALL_KINDS:
            text = next((text for turn in transcript.turns if (text := getattr(turn, kind))), "")
            if text:
                console.print(Text(f"  {kind:<9}{_plain(text)[:_EXCERPT]}"))


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False, show_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in ("times", "characters", "share", "rows") else "left")
    for row in rows:
        # As Text: brackets in a transcript are not markup.
        table.add_row(*(Text(_plain(cell)) for cell in row))
    return table


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _plain(text: str) -> str:
    """One line without control characters."""
    return "".join(char if char.isprintable() else " " for char in text[: 4 * _EXCERPT])

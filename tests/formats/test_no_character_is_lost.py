"""Rows of every format, whole and mangled: no character is lost or invented, and no row stops the reader."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featdisc_assets.formats import FORMATS, Origin, Reading, RowError, read
from featdisc_assets.formats.adapters.claude_code import group_sessions
from featdisc_assets.formats.adapters.inspect_log import log_samples
from featdisc_assets.formats.adapters.mapping import mapped_adapter, parse_map
from featdisc_assets.formats.parsing.json_text import parse_json
from featdisc_assets.transcript import Rejected, Transcript
from tests.formats.accounts import is_balanced
from tests.formats.test_golden import GOLDEN, READ_AS

WORDS = (
    *("word", "<think>", "</think>", " ", "\n\n", "é", "🙂", "`", "```\n", "<|channel|>", "analysis", "<|message|>"),
    *("<|end|>", "final", "data:image/png;base64,AAAA", '{"a": 1}', "attachment://0abc", "\x85", "\x1c", "\u200e"),
)
MAPS = [
    mapped_adapter(parse_map(entries.split()))
    for entries in (
        "messages=messages content=content role:tool=user",
        "messages=conversations role=from content=value id=id",
        "messages=contents content=parts[0].text role:model=assistant model=model",
        "user=prompt response=completion thought=thought",
        "messages=messages content=content[0].text thought_in_message=reasoning system=system group=id",
        "user=messages[0].content response=messages[1].content thought=messages[1].reasoning_content",
    )
]


def _rows() -> Iterator[tuple[str, Any]]:
    for file in sorted(GOLDEN.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            if "map" in case:
                continue
            name = READ_AS.get(file.stem, file.stem)
            rows = case.get("rows", [case.get("row")])
            if name == "claude_code":
                rows = list(group_sessions(rows))
            elif "samples" in (rows[0] if isinstance(rows[0], dict) else {}):
                rows = list(log_samples(rows[0]))
            yield from ((name, row) for row in rows)


ROWS = list(_rows())


def count(value: object) -> int:
    """The characters of every text in a row, counted naively."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(count(inner) for inner in value.values())
    return sum(count(inner) for inner in value) if isinstance(value, list) else 0


def opened(value: object) -> object:
    """A row as a reader sees it: cells that hold a conversation as JSON are opened."""
    if not isinstance(value, dict):
        return value
    return {
        key: parse_json(inner, {}) if isinstance(inner, str) and inner.startswith("[{") else inner
        for key, inner in value.items()
    }


@pytest.mark.parametrize("tools", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_the_characters_counted_in_are_those_of_the_row(name: str, tools: bool) -> None:
    for format_, row in ROWS:
        if format_ != name or (name == "inspect" and "attachments" in row):
            continue
        found = FORMATS[name].read(row, Origin("x", tools=tools))
        assert is_balanced(found)
        excluded = (
            count(row.get("inspect_log", {})) + (len(str(row["id"])) if isinstance(row.get("id"), str) else 0)
            if (name == "inspect")
            else count(row.get("claude_code_session", ""))
            if name == "claude_code"
            else 0
        )
        assert found.chars_in == count(opened(row)) - excluded


class Mangler:
    """Damages a row at random."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.rate = self.rng.choice((0.0, 0.02, 0.1, 0.3))

    def text(self) -> str:
        return "".join(self.rng.choices(WORDS, k=self.rng.randrange(8)))

    def scalar(self) -> object:
        return self.rng.choice(
            (None, 0, 1.5, True, "", self.text(), [], {}, [None], "user", "assistant", [self.text()])
        )

    def mangle(self, value: object) -> object:
        if self.rng.random() < self.rate:
            return self.scalar()
        if isinstance(value, dict):
            items = list(value.items())
            if self.rng.random() < self.rate:
                self.rng.shuffle(items)
            if items and self.rng.random() < self.rate:
                items.append((self.rng.choice(items)[0] + "x", self.scalar()))
            return {key: self.mangle(inner) for key, inner in items if self.rng.random() >= self.rate / 3}
        if isinstance(value, list):
            found = [self.mangle(inner) for inner in value]
            if found and self.rng.random() < self.rate:
                found.append(self.rng.choice(found))
            return found
        if isinstance(value, str) and self.rng.random() < 0.3:
            return self.text()
        return value


def check(seed: int) -> None:
    """Any adapter reads a mangled row with a balanced account, or rejects it with a reason."""
    mangler = Mangler(seed)
    name, row = ROWS[seed % len(ROWS)]
    row = mangler.mangle(row)
    luck = mangler.rng.random()
    adapter = FORMATS[name] if luck < 0.7 else mangler.rng.choice([*FORMATS.values(), *MAPS])
    adapter.score(row)
    try:
        found = adapter.read(row, Origin("x", tools=seed % 2 == 0))
    except RowError as error:
        assert str(error), row
        return
    assert is_balanced(found), row
    assert all(turn.user == "" or not turn.user.isspace() for turn in found.turns), row
    assert all(not text.isspace() for turn in found.turns for text in (turn.thought, turn.response, turn.tool)), row


@given(st.integers(min_value=0))
@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mangled_row_loses_nothing(seed: int) -> None:
    check(seed)


@pytest.mark.thorough
def test_a_hundred_thousand_mangled_rows_lose_nothing() -> None:
    for seed in range(100_000):
        check(seed)


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_mangled_rows_gives_each_row_once(tmp_path: Path, data: st.DataObject) -> None:
    seeds = data.draw(st.lists(st.integers(0, 2**32), min_size=1, max_size=6))
    rows = []
    for seed in seeds:
        name, row = ROWS[seed % len(ROWS)]
        if name not in ("claude_code", "inspect"):
            rows.append(Mangler(seed).mangle(row))
    path = tmp_path / "rows.jsonl"
    good = {"id": "last", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, good]))
    found = list(read(path, reading=Reading(allow_empty=True, tools=bool(seeds[0] % 2))))
    assert len(found) == len(rows) + 1
    assert all(is_balanced(item) for item in found if isinstance(item, Transcript))
    assert all(item.reason for item in found if isinstance(item, Rejected))

"""Every format with its edge cases: exact turns, and the account of every character."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from featdisc_assets.formats import FORMATS, Reading, detect_format, read
from featdisc_assets.transcript import Transcript, Turn
from tests.formats.accounts import drops, is_balanced

GOLDEN = Path(__file__).parent / "golden"
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    f"{file.stem}: {case['name']}": (file.stem, case)
    for file in sorted(GOLDEN.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
}
# The cases of inline tags are OpenAI chats.
READ_AS = {"inline_tags": "openai_chat"}


def turn(expected: dict[str, Any]) -> Turn:
    return Turn(
        expected.get("user", ""),
        expected.get("thought", ""),
        expected.get("response", ""),
        thought_form=expected.get("form"),
        is_truncated=expected.get("cut", False),
        tool=expected.get("tool", ""),
    )


@pytest.mark.parametrize(("format_", "case"), CASES.values(), ids=CASES.keys())
def test_a_row_gives_exactly_these_turns(tmp_path: Path, format_: str, case: dict[str, Any]) -> None:
    name = READ_AS.get(format_, format_)
    rows = case.get("rows", [case.get("row")])
    if "row" in case and "map" not in case:
        assert detect_format(case["row"]) is FORMATS[name]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    reading = Reading(map=tuple(case.get("map", ())), tools=case.get("tools", False))
    [found] = list(read(path, reading=reading))
    assert isinstance(found, Transcript)
    assert found.turns == tuple(turn(expected) for expected in case["turns"])
    assert drops(found) == case.get("drops", {})
    assert is_balanced(found)
    for column, value in case.get("columns", {}).items():
        assert str(getattr(found, column)).startswith(value), column
    if "metadata" in case:
        assert found.metadata == case["metadata"]


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60
    assert {format_ for format_, _ in CASES.values()} - set(READ_AS) == set(FORMATS)

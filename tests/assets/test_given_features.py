"""Features made elsewhere: the graph runs on them without rating; and what `featdisc inspect` shows of a source."""

import json
from pathlib import Path

import pytest

from featdisc_assets.commands import inspect as inspecting
from featdisc_assets.commands import run as running
from featdisc_assets.formats import GivenFeatures, Reading, SourceError, read_features
from featdisc_assets.home.places import Home, sample_path
from featdisc_assets.transcript import Rejected
from featdisc_assets.warehouse import Warehouse


def test_valid_and_invalid_rows_of_features(tmp_path: Path) -> None:
    rows: list[object] = [
        {"transcript_id": "a", "kind": "user", "features": ["Asks  why", "asks why", " "], "model": "m", "group": 7},
        {"transcript_id": "a", "kind": "user", "features": ["Again"]},
        {"transcript_id": "a", "kind": "mood", "features": []},
        {"transcript_id": "a", "kind": "thought", "features": "Doubts"},
        {"kind": "thought", "features": []},
        7,
    ]
    path = tmp_path / "features.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    [first, *others] = read_features(path)
    assert first == GivenFeatures("a", "user", ("Asks why",), model="m", group_key="7", source="features.jsonl")
    assert all(isinstance(row, Rejected) for row in others)
    assert len(others) == 5
    path.write_text("{}\n")
    with pytest.raises(SourceError, match="no features could be read"):
        list(read_features(path))


@pytest.mark.slow
def test_the_graph_runs_on_them_without_ratings(tmp_path: Path) -> None:
    path = tmp_path / "features.jsonl"
    with path.open("w") as file:
        for i in range(40):
            asks = ["Asks for code", "Sets a limit of words"] if i % 2 else ["Asks for a poem", "Names a season"]
            answers = ["Writes a function", "Adds comments"] if i % 2 else ["Writes in rhyme", "Ends on a question"]
            for kind, features in (("user", asks), ("response", answers)):
                row = {"transcript_id": f"t{i}", "kind": kind, "features": features, "model": f"m{i % 2}"}
                file.write(json.dumps(row) + "\n")
    home = Home(tmp_path / "home")
    given = running.settings(sources=[str(path)], model=None, api_base=None, reading={"features": True})
    running.run(home, given)
    db = Warehouse(home.warehouse)
    assert db.scalar("select count(*) from ratings where purpose = 'rate'") == 0
    assert db.scalar("select count(*) from features") == 160
    assert db.scalar("select sum(n_pending) from rating_plan") == 0
    assert db.scalar("select count(*) from clusters") > 0
    assert home.report.exists()


def test_an_inspection_counts_everything_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chats.jsonl"
    chat = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"},
                         {"role": "assistant", "content": "<think>Hm.</think>So \x1b[31m."}]}  # fmt: skip
    path.write_text(json.dumps(chat) + "\n{broken\n" + json.dumps({"prompt": "How?", "completion": "Thus."}) + "\n")
    found = inspecting.inspect([str(path)], Reading(allow_empty=True))
    assert dict(found.format_counts) == {"openai_chat": 1, "tables": 1}
    assert (found.n_transcripts, found.n_turns, found.pieces["thought"]) == (2, 2, 1)
    assert found.dropped["", "system_prompt"] == (1, 8)
    assert dict(found.thought_forms) == {"raw": 1, "none": 1}
    assert found.chars_in == sum(found.chars.values()) + sum(n_chars for _, n_chars in found.dropped.values())
    inspecting.show(found)
    shown = capsys.readouterr().out
    assert "\x1b[31m" not in shown
    for word in ("openai_chat 1, tables 1", "dropped: system_prompt", "not JSON", "{broken", "Why?"):
        assert word in shown
    assert [file.name for file in tmp_path.iterdir()] == ["chats.jsonl"]


def test_the_sample_loses_nothing() -> None:
    found = inspecting.inspect([str(sample_path())], Reading(allow_empty=True))
    assert (found.n_transcripts, found.quarantine) == (180, {})
    assert not found.problem

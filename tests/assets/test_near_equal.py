"""Spam and templates among transcripts: the table, the view, the check, and the line in `featdisc inspect`."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from featdisc_assets.commands import inspect as inspecting
from featdisc_assets.formats import Reading
from featdisc_assets.home.places import Home
from tests.homes import materialise, warehouse

OPS = ["transcripts", "pieces", "near_equal_texts"]
PITCH = "Give me an introduction over 400 words for {}, a chemical company in {}. Mention its products and its founder."


def chats(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def campaign() -> list[dict[str, Any]]:
    """Four advertisements, one of them sent twice; one question to three models; three other chats."""
    cities = ["Oslo", "Lima", "Bern", "Bern"]
    spam = [{"id": f"s{i}", "user": PITCH.format("Acme", city), "group": "bot"} for i, city in enumerate(cities)]
    asked = [{"id": f"q{i}", "user": "Which moon is the largest?", "group": "moons"} for i in range(3)]
    own = [{"id": f"o{i}", "user": text} for i, text in enumerate(("How are you?", "Write a poem.", "Why not tea?"))]
    answers = [
        "Gladly.",
        "No.",
        "Perhaps so.",
        "It depends.",
        "Ganymede, I think.",
        "Titan?",
        "Ganymede it is, surely.",
    ]
    answers += ["Well, and you?", "Roses are red.", "Coffee wakes me."]
    return [row | {"response": answer} for row, answer in zip([*spam, *asked, *own], answers, strict=True)]


def materialised(tmp_path: Path, **settings: float) -> tuple[Home, dg.ExecuteInProcessResult]:
    source, home = chats(tmp_path / "chats.jsonl", campaign()), Home(tmp_path / "home")
    wanted: dict[str, Any] = {"min_transcripts": 3} | settings
    return home, materialise(home, OPS, transcripts={"source": [str(source)]}, near_equal_texts=wanted)


def test_groups_are_counted_with_an_example(tmp_path: Path) -> None:
    home, _ = materialised(tmp_path)
    [group] = warehouse(home).rows("from near_duplicates")
    assert group.pop("group_id")
    # A question asked of three models on purpose is one text in one group, so it does not count.
    assert group == {
        "kind": "user", "n_texts": 3, "n_pieces": 4, "n_transcripts": 4, "n_groups": 1,
        "share_of_transcripts": 0.4, "example": PITCH.format("Acme", "Bern"),
    }  # fmt: skip
    spam = warehouse(home).rows(
        "select distinct transcript_id from pieces inner join near_equal_texts using (kind, text_hash) order by all"
    )
    assert [row["transcript_id"] for row in spam] == ["s0", "s1", "s2", "s3"]


def test_settings_for_similarity_and_size(tmp_path: Path) -> None:
    for settings, found in (({"min_transcripts": 5}, 0), ({"similarity": 1.0, "min_transcripts": 2}, 0)):
        home, _ = materialised(tmp_path, **settings)
        assert warehouse(home).scalar("select count(*) from near_duplicates") == found, settings


def test_a_repeated_text_counts_unless_it_is_one_question(tmp_path: Path) -> None:
    rows = [{"id": f"{i}", "user": "Hi!", "response": f"Hello, number {'abc'[i]} of all."} for i in range(3)]
    home = Home(tmp_path / "home")
    given = {"near_equal_texts": {"min_transcripts": 3}}
    materialise(home, OPS, transcripts={"source": [str(chats(tmp_path / "a.jsonl", rows))]}, **given)
    sizes = warehouse(home).rows("select n_texts, n_transcripts, n_groups from near_duplicates where kind = 'user'")
    assert sizes == [{"n_texts": 1, "n_transcripts": 3, "n_groups": 3}]
    one_question = [row | {"group": "hi"} for row in rows]
    materialise(home, OPS, transcripts={"source": [str(chats(tmp_path / "b.jsonl", one_question))]}, **given)
    assert warehouse(home).scalar("select count(*) from near_duplicates where kind = 'user'") == 0


def test_a_large_share_is_a_warning(tmp_path: Path) -> None:
    _, result = materialised(tmp_path)
    [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "near_equal_share"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert "40.0% of 10 transcripts with a user text" in str(check.description)
    shares = {name: value.value for name, value in check.metadata.items()}
    assert shares == {"near-equal share of user texts": 0.4, "near-equal share of response texts": 0.0}
    _, result = materialised(tmp_path, min_transcripts=5)
    assert all(one.passed for one in result.get_asset_check_evaluations())


def test_an_inspection_has_the_same_line_as_a_run(tmp_path: Path) -> None:
    rows = [{"id": f"{i}", "user": PITCH.format("Acme", f"city {i}"), "response": "y" * (i + 1)} for i in range(25)]
    [line] = inspecting.inspect([str(chats(tmp_path / "chats.jsonl", rows))], Reading()).near_equal_lines
    assert line.startswith("25 user texts in 1 near-equal group: Give me an introduction over 400 words")
    assert inspecting.inspect([str(chats(tmp_path / "few.jsonl", rows[:5]))], Reading()).near_equal_lines == []
    one_question = [row | {"user": "Why?", "group": "why"} for row in rows]
    assert inspecting.inspect([str(chats(tmp_path / "why.jsonl", one_question))], Reading()).near_equal_lines == []

"""Datasets of the Hugging Face Hub: downloads, the cache, and error messages."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featdisc_assets.formats import SourceError, read
from featdisc_assets.home.places import Home
from featdisc_assets.transcript import Transcript
from featdisc_assets.warehouse import Warehouse
from tests.conftest import featdisc
from tests.loopback.hub import Hub

READ = """
import json, sys
from featdisc_assets.formats import SourceError, read
from featdisc_assets.transcript import Transcript
for name in sys.argv[1:]:
    try:
        found = list(read(name, format="tables"))
        good = [row.transcript_id for row in found if isinstance(row, Transcript)]
        bad = [row.location for row in found if not isinstance(row, Transcript)]
        print(json.dumps({"read": sorted(good), "rejected": bad, "sources": sorted({row.source for row in found})}))
    except SourceError as error:
        print(json.dumps({"error": str(error)}))
"""


def rows(*names: str) -> list[dict[str, str]]:
    return [{"id": name, "user": "Why?", "response": "So."} for name in names]


def lines(*names: str) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows(*names)).encode()


def parquet(*names: str) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows(*names)), held)
    return held.getvalue()


CHATS = {
    ".gitattributes": b"*.parquet filter=lfs\n",
    "README.md": b"---\nlicense: apache-2.0\n---\n# Chats\n",
    "dataset_infos.json": b'{"default": {"features": {}}}',
    "data/train-00000-of-00002.parquet": parquet("a", "b"),
    "data/train-00001-of-00002.parquet": parquet("c"),
    "data/extra/more.jsonl": lines("d") + b"nonsense\n",
    "picture.png": b"\x89PNG",
}
DATASETS = {
    "ann/chats": CHATS,
    "ann/chats@v2": {"chats.jsonl": lines("second")},
    "ann/chats@refs/convert/parquet": {"default/train/0000.parquet": parquet("converted")},
    "ann/pictures": {"picture.png": b"\x89PNG", "README.md": b"# Pictures\n"},
    "ann/secret": {"chats.jsonl": lines("s")},
}


def read_names(hub: Hub, home: Path, *names: str, **environment: str) -> list[dict[str, Any]]:
    """Read each name in a subprocess, because the library reads its settings on import."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", READ, *names],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=clean | {"HF_ENDPOINT": hub.url, "HF_HOME": str(home)} | environment,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_dataset_its_folders_globs_files_and_revisions(tmp_path: Path) -> None:
    expected = {
        "hf://datasets/ann/chats": "abcd",
        "hf://datasets/ann/chats/data": "abcd",
        "hf://datasets/ann/chats/data/*.parquet": "abc",
        "hf://datasets/ann/chats/data/train-*": "abc",
        "hf://datasets/ann/chats/**/*.parquet": "abc",
        "hf://datasets/ann/chats@main/data/train-00001-of-00002.parquet": "c",
    }
    with Hub(DATASETS) as hub:
        found = read_names(hub, tmp_path, *expected)
        [newer, converted] = read_names(
            hub, tmp_path, "hf://datasets/ann/chats@v2", "hf://datasets/ann/chats@refs/convert/parquet"
        )
    assert {name: "".join(one["read"]) for name, one in zip(expected, found, strict=True)} == expected
    # Sources and locations are names on the Hub, not paths in the cache.
    assert [one["sources"] for one in found] == [[name] for name in expected]
    assert found[0]["rejected"] == ["hf://datasets/ann/chats/data/extra/more.jsonl:2"]
    assert newer["read"] == ["second"]
    assert converted["read"] == ["converted"]


def test_what_is_fetched_once_is_not_fetched_again_and_is_there_offline(tmp_path: Path) -> None:
    name = "hf://datasets/ann/chats"
    with Hub(DATASETS) as hub:
        [first] = read_names(hub, tmp_path, name, HF_TOKEN="hf_of_ann")  # noqa: S106 - of nobody
        assert sorted(hub.downloads) == [f"ann/chats/{path}" for path in sorted(CHATS) if path.startswith("data/")]
        assert "hf_of_ann" in hub.tokens
        del hub.downloads[:], hub.asked[:]
        assert read_names(hub, tmp_path, name) == [first]
        assert hub.downloads == []
        assert [one for one in hub.asked if "/datasets/" in one] == ["GET /api/datasets/ann/chats/revision/main"]
        del hub.asked[:]
        assert read_names(hub, tmp_path, name, HF_HUB_OFFLINE="1") == [first]
        assert hub.asked == []
    # Without the Hub, only what the cache holds is read.
    [again, other] = read_names(hub, tmp_path, name, f"{name}@v2")
    assert again == first
    assert "is not in the cache" in other["error"]
    assert "cannot be reached" in other["error"]


def test_a_part_in_the_cache_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    with Hub(DATASETS) as hub:
        read_names(hub, tmp_path, "hf://datasets/ann/chats/data/extra")
        [part, whole] = read_names(
            hub, tmp_path, "hf://datasets/ann/chats/data/extra", "hf://datasets/ann/chats", HF_HUB_OFFLINE="1"
        )
    assert part["read"] == ["d"]
    assert "only in part in the cache, and HF_HUB_OFFLINE is set: unset it" in whole["error"]


def test_what_cannot_be_had_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    expected = {
        "hf://datasets/ann/chat": "does not exist or is private: check owner and name",
        "hf://datasets/ann/chats@v9": "has no revision 'v9': give a branch, a tag or a commit",
        "hf://datasets/ann/chats/nothing.jsonl": "the dataset has data/extra/more.jsonl, data/train-00000",
        "hf://datasets/ann/chats/data/*.csv": "names nothing that can be read",
        "hf://datasets/ann/pictures": "holds nothing readable (it has .md, .png)",
        "hf://datasets/ann/secret": "is gated: request access on its page",
        "hf://datasets/ann": "is not a dataset name: write hf://datasets/OWNER/NAME",
        "hf://ann/model": "names a model, not a dataset",
        "hf://datasets/ann/chats/../../x": "leads out of the dataset",
    }
    with Hub(DATASETS, gated=frozenset({"ann/secret"})) as hub:
        found = read_names(hub, tmp_path, *expected)
        [offline] = read_names(hub, tmp_path / "empty", "hf://datasets/ann/chats", HF_HUB_OFFLINE="1")
    for one, says in zip(found, expected.values(), strict=True):
        assert says in one["error"]
        assert "\n" not in one["error"]
    assert "is not in the cache, and HF_HUB_OFFLINE is set: unset it" in offline["error"]


def test_a_run_remembers_the_name(tmp_path: Path) -> None:
    home, name = Home(tmp_path / "home"), "hf://datasets/ann/chats/data/*.parquet"
    with Hub(DATASETS) as hub:
        where = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
        shown = featdisc("inspect", name, home=None, **where)
        assert "3 of 3 groups" in shown.stdout, shown.stderr
        done = featdisc("plan", "--source", name, home=home.path, **where)
        assert done.returncode == 0, done.stderr
        missing = featdisc("plan", "--source", "hf://datasets/ann/chat", home=home.path, **where)
    db = Warehouse(home.warehouse)
    assert db.rows("select distinct source from transcripts") == [{"source": name}]
    assert db.scalar("select path from sources") == name
    assert missing.returncode == 1
    assert "does not exist or is private" in missing.stderr
    assert "Traceback" not in missing.stderr


@pytest.mark.parametrize("named", ["", "data", "data/*.parquet"])
def test_a_dataset_that_somebody_cloned_is_a_folder_like_another(named: str, tmp_path: Path) -> None:
    """Metadata files of the Hub are neither read nor quarantined."""
    beside = {"croissant.json": b'{"@context": {}}', "data/state.json": b"{}"}
    for path, data in (CHATS | beside).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(lines("d") if path.endswith("more.jsonl") else data)
    found = list(read(tmp_path / named))
    assert all(isinstance(row, Transcript) for row in found)
    ids = sorted(row.transcript_id for row in found if isinstance(row, Transcript))
    assert ids == (["a", "b", "c"] if "*" in named else ["a", "b", "c", "d"])


def test_without_rows_it_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "dataset_infos.json").write_text("{}")
    (tmp_path / "README.md").write_text("# Chats")
    with pytest.raises(SourceError, match="holds nothing readable"):
        read(tmp_path)

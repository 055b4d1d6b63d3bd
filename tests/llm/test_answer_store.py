"""The answer store: stored attempts survive a killed process, and an export misses none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from featdisc_assets.llm.answer_store import AnswerStore, Attempt, last


def attempt(key: str, status: str = "answered", raw: str | None = "{}") -> Attempt:
    return Attempt(key, "rate", f"piece {key}", "surface/v1", "v", status, raw=raw, tokens_in=3, cost_usd=0.5)


def test_attempts_are_numbered_within_their_key(store: AnswerStore) -> None:
    assert [store.put(attempt(key)).attempt for key in "abaa"] == [0, 0, 1, 2]
    assert [row.attempt for row in store.lookup(["a"])["a"]] == [0, 1, 2]


def test_lookup_takes_many_keys_and_ignores_unknown_ones(store: AnswerStore) -> None:
    for number in range(1200):
        store.put(attempt(str(number)))
    assert len(store.lookup([str(number) for number in range(2000)])) == 1200


def test_a_stored_attempt_is_read_unchanged(tmp_path: Path) -> None:
    with AnswerStore(tmp_path / "deep" / "er" / "answers.sqlite") as store:
        put = store.put(attempt("a", raw="{'naïve': 'ключ'}\n"))
    with AnswerStore(tmp_path / "deep" / "er" / "answers.sqlite") as store:
        assert store.lookup(["a"]) == {"a": [put]}


def test_a_status_is_seen_at_once_and_exported_again(store: AnswerStore) -> None:
    first, second = store.put(attempt("a")), store.put(attempt("b"))
    seen = max(row.seq for row in store.attempts())
    store.set_status(first, "ok")
    assert store.lookup(["a"])["a"][0].status == "ok"
    assert [(row.request_key, row.status, row.raw) for row in store.attempts(seen)] == [("a", "ok", "{}")]
    store.set_status(second, "invalid", "no JSON")
    [row] = store.attempts(seen + 1)
    assert (row.request_key, row.error, row.cost_usd) == ("b", "no JSON", 0.5)
    assert store.count_by_status() == {"invalid": 1, "ok": 1}


@pytest.mark.parametrize(
    ("history", "decides"),
    [
        ([], None),
        (["rate_limited"], 0),
        (["rate_limited", "timeout"], 1),
        (["ok", "rate_limited"], 0),
        (["invalid", "repaired"], 1),
        (["truncated", "connection"], 0),
        (["auth", "answered", "auth"], 1),
    ],
)
def test_the_deciding_attempt(history: list[str], decides: int | None) -> None:
    rows = [attempt("a", status) for status in history]
    assert last(rows) is (None if decides is None else rows[decides])


_WRITER = """
import sys
from featdisc_assets.llm.answer_store import AnswerStore, Attempt
store, name = AnswerStore(sys.argv[1]), sys.argv[2]
for number in range(int(sys.argv[3])):
    store.put(Attempt("shared", "rate", name, "m", "v", "ok"))
    store.set_status(store.put(Attempt(f"{name}{number}", "rate", name, "m", "v", "answered", raw="x" * 2000)), "ok")
    print(number, flush=True)
store.close()
"""


def _writer(path: Path, name: str, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, str(path), name, str(n)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_two_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    writers = [_writer(path, name, 60) for name in ("left", "right")]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    with AnswerStore(path) as store:
        assert [row.attempt for row in store.lookup(["shared"])["shared"]] == list(range(120))
        assert store.count_by_status() == {"ok": 240}


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_stored_attempts_survive_a_killed_process(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "answers.sqlite"
    writer = _writer(path, "left", 1_000_000)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    with AnswerStore(path) as store:
        assert len(store.lookup([f"left{number}" for number in acknowledged])) == lines
        assert [row.attempt for row in store.lookup(["shared"])["shared"]][:lines] == acknowledged

"""The warehouse: short connections, whole transactions, patience with others."""

import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from featdisc_assets.home.places import sql_folder
from featdisc_assets.warehouse import QueryError, Warehouse, WarehouseBusyError, ask, vector_array
from featdisc_assets.warehouse.marts import marts
from tests.homes import prepare_by_copy

HOLD = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("held", flush=True)
time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def db(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "home" / "warehouse.duckdb", lock_timeout_s=20)
    prepare_by_copy(warehouse)
    return warehouse


def hold(db: Warehouse, how: str, seconds: float) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(db.path), how, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    return holder


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_writer_waits_for_whoever_holds_the_file(db: Warehouse, how: str) -> None:
    holder = hold(db, how, 1.0)
    db.append("sources", pa.table({"position": [0], "path": ["a"]}))
    assert holder.wait() == 0
    assert db.rows("select position, path from sources") == [{"position": 0, "path": "a"}]


def test_patience_ends_with_one_sentence(db: Warehouse) -> None:
    holder = hold(db, "write", 30)
    db.lock_timeout_s = 0.3
    try:
        with pytest.raises(WarehouseBusyError, match=rf"PID {holder.pid}.*close it there and run again"):
            db.scalar("select 1")
    finally:
        holder.kill()
        holder.wait()


def test_an_exception_leaves_neither_rows_nor_a_lock(db: Warehouse) -> None:
    with pytest.raises(RuntimeError), db.transaction() as connection:
        connection.execute("insert into sources (position, path) values (0, 'half')")
        raise RuntimeError
    assert db.scalar("select count(*) from sources") == 0
    duckdb.connect(str(db.path)).close()


def test_killed_in_a_transaction_it_opens_with_what_was_committed(db: Warehouse) -> None:
    db.append("sources", pa.table({"position": [0], "path": ["kept"]}))
    script = (
        "import duckdb, sys, time\nc = duckdb.connect(sys.argv[1])\nc.begin()\n"
        "c.execute(\"insert into sources (position, path) select range, 'lost' from range(100000)\")\n"
        "print('in', flush=True)\ntime.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(db.path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline().strip() == "in"
    writer.kill()
    writer.wait()
    assert db.rows("select path from sources") == [{"path": "kept"}]


def test_refill_reads_variables_and_incoming_tables(db: Warehouse) -> None:
    select = "select position, getvariable('prefix') || path as path from given order by position"
    given = pa.table({"position": [1, 0], "path": ["b", "a"]})
    for _ in range(2):
        db.refill({"sources": select}, {"prefix": "x-"}, {"given": given})
    assert db.rows("select position, path from sources") == [
        {"position": 0, "path": "x-a"},
        {"position": 1, "path": "x-b"},
    ]


def test_a_matrix_comes_back_as_it_went_in(db: Warehouse) -> None:
    vectors = np.random.default_rng(0).normal(size=(40_000, 384)).astype(np.float32)
    ids = [f"f{i:05d}" for i in range(len(vectors))]
    db.append("embeddings", pa.table({"feature_id": ids, "encoder": ["e"] * len(ids), "vector": vector_array(vectors)}))
    found, matrix = db.matrix("select feature_id, vector from embeddings where encoder = $1 order by feature_id", ["e"])
    assert found.to_pylist() == ids
    assert matrix.tobytes() == vectors.tobytes()


def test_a_persons_query_cannot_write(db: Warehouse) -> None:
    with pytest.raises(QueryError, match="read-only"):
        ask(db, "delete from sources")
    with pytest.raises(QueryError, match="does not exist"):
        ask(db, "from nothing_such")


def test_a_read_takes_milliseconds_between_writes(db: Warehouse) -> None:
    """Whoever reads while another process writes in short transactions is served."""
    script = (
        "import sys, pyarrow as pa\nfrom pathlib import Path\nfrom featdisc_assets.warehouse import Warehouse\n"
        "db = Warehouse(Path(sys.argv[1]))\n"
        "for i in range(40):\n    db.append('sources', pa.table({'position': [i], 'path': ['p']}))\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(db.path)])
    counts = []
    while writer.poll() is None:
        counts.append(db.scalar("select count(*) from sources"))
        time.sleep(0.002)
    assert writer.returncode == 0
    assert counts == sorted(counts)
    assert db.scalar("select count(*) from sources") == 40


@pytest.mark.parametrize(
    "path", sorted(sql_folder().rglob("*.sql")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_sql_file_names_its_grain_and_pastes_into_a_shell(path: Path, db: Warehouse) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- grain: ")
    # What an asset hands over as an Arrow table is named in the lines at the top.
    given = {
        "clusters": ["centres"],
        "cluster_audit": ["audited"],
        "cluster_profile": ["kinds"],
        "cluster_hygiene": ["senses"],
        "feature_flags": ["examples", "echoes", "padding", "opposites"],
        "fidelity_items": ["named", "shown"],
        "mention_flags": ["repeats"],
        "near_equal_texts": ["alike"],
        "opposites": ["senses"],
        "parent_children": ["theme_names"],
        "parents": ["centres"],
        "shared_words": ["wanted"],
        "swallowed_themes": ["phrases", "holders"],
    }
    top = text[: text.index("\n", text.rindex("\n--") + 1)] if "\n--" in text else text.partition("\n")[0]
    with db.connect() as connection:
        if path.parent.name in ("fill", "read") and path.stem in given:
            assert all(f"`{name}`" in top for name in given[path.stem])
        else:
            connection.execute(text)


def test_a_home_of_an_earlier_version_gets_the_columns_it_lacks(tmp_path: Path) -> None:
    old = Warehouse(tmp_path / "old.duckdb")
    with old.connect() as connection:
        connection.execute("create table rated_texts (kind varchar not null, text_hash varchar, status varchar)")
        connection.execute("insert into rated_texts values ('user', 'h', 'ok')")
        # Another encoder's width, and a table that is nobody's here.
        connection.execute("create table embeddings (feature_id varchar, encoder varchar, vector float[8])")
        connection.execute("create table mine (words varchar)")
    fresh = Warehouse(tmp_path / "fresh.duckdb")
    for warehouse in (old, fresh, old):
        warehouse.prepare()
    columns = "select column_name, data_type from duckdb_columns() where table_name = 'rated_texts' order by all"
    assert old.rows(columns) == fresh.rows(columns)
    [row] = old.rows("from rated_texts")
    assert (row["kind"], row["text_hash"], row["status"]) == ("user", "h", "ok")
    assert row["chars_left_out"] is None
    assert old.schema("embeddings").field("vector").type.list_size == 8
    assert old.schema("mine").names == ["words"]
    assert old.rows("select status, n_shortened from coverage") == []


def test_every_view_is_there_from_the_start(db: Warehouse) -> None:
    views = {row["view_name"] for row in db.rows("select view_name from duckdb_views() where not internal")}
    assert views == {mart.name for mart in marts()}
    for mart in marts():
        assert db.rows(f"from {mart.name}") == []


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (3, 10, 0.1078, 0.6032), (10, 10, 0.7225, 1.0)]
)
def test_wilson_interval(db: Warehouse, k: int, n: int, low: float, high: float) -> None:
    assert db.scalar("select wilson_low($1, $2)", [k, n]) == pytest.approx(low, abs=1e-4)
    assert db.scalar("select wilson_high($1, $2)", [k, n]) == pytest.approx(high, abs=1e-4)

"""`featdisc shell`, `export` and `sql`: input, output, and reading while another process writes."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from featdisc_assets.commands import export as exporting
from featdisc_assets.commands.shell import split
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import QueryError, Warehouse
from tests.conftest import featdisc


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    place = Home(tmp_path_factory.mktemp("shell") / "it's a home")
    db = Warehouse(place.warehouse)
    db.prepare()
    db.append("sources", pa.table({"position": [0, 1], "path": ["a;b", 'naïve, "quoted"\nline']}))
    return place


def typed(home: Home, text: str) -> tuple[str, str]:
    done = featdisc("shell", home=home.path, stdin=text)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("select 1;", ["select 1"], ""),
        ("select 1; select 2;\n", ["select 1", "select 2"], ""),
        ("select 1; select", ["select 1"], " select"),
        ("select ';' as a;", ["select ';' as a"], ""),
        ("select 'it''s;' as \"a;b\";", ["select 'it''s;' as \"a;b\""], ""),
        ("select 1 -- not yet;\n;", ["select 1 -- not yet;"], ""),
        ("select /* ; */ 1;", ["select /* ; */ 1"], ""),
        ("select $$;$$; select $x$;$$;$x$;", ["select $$;$$", "select $x$;$$;$x$"], ""),
        ("select 'open;\n", [], "select 'open;\n"),
        ("select /* open; ", [], "select /* open; "),
        (";;\n", [], ""),
        ("", [], ""),
    ],
)
def test_a_semicolon_in_a_quote_or_comment_ends_no_statement(text: str, statements: list[str], rest: str) -> None:
    assert split(text) == (statements, rest)


def test_the_shell_continues_after_any_input(home: Home) -> None:
    out, err = typed(
        home,
        "select path\nfrom sources\n  where position = 0;\n"
        "selec 1;\ndrop table sources;\n.nonsense\n.schema clusterz\n.schema\n"
        "-- only words;\n;\n"
        "set variable floor = 41; select getvariable('floor') + 1 as answer;\n"
        ".tables\n.schema coverage\n.macros\n.help\n"
        "describe sources;\nselect 'last' as word",
    )
    assert "a;b" in out
    assert "42" in out
    assert "one row per transcript" in out
    assert "mean number of features" in out
    assert "search_features(words)" in out
    assert ".schema NAME" in out
    assert "varchar" in out.lower()
    assert "last" in out
    assert 'Parser Error: syntax error at or near "selec"' in err
    assert "read-only" in err
    assert "There is no command .nonsense" in err
    assert "The warehouse has no table or view 'clusterz'; similar names: clusters," in err
    assert "`.schema` needs a table" in err
    assert "Traceback" not in err
    assert Warehouse(home.warehouse).scalar("select count(*) from sources") == 2


def test_quit_exits_without_running_later_input(home: Home) -> None:
    assert typed(home, ".quit\nselect 'never' as word;")[0] == ""


def test_a_long_result_is_truncated_with_a_note(home: Home) -> None:
    out, err = typed(home, "select 'row' || i as word from range(100000000) r(i);")
    assert "row199" in out
    assert "row200" not in out
    assert "the first 200 rows" in err


@contextmanager
def at_a_terminal(home: Home) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    master, slave = pty.openpty()
    # A background process ignores Ctrl-C, and its children inherit that; an interactive shell does not.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "featdisc_assets.commands.cli", "shell", "--home", str(home.path)],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=os.environ | {"TERM": "dumb"},
    )  # fmt: skip
    signal.signal(signal.SIGINT, heard)
    os.close(slave)
    try:
        yield master, process
    finally:
        process.kill()
        process.wait()
        os.close(master)


def until(master: int, words: str, then: str = "") -> str:
    seen, ends = "", time.monotonic() + 30
    while words not in seen or then not in seen.partition(words)[2]:
        assert time.monotonic() < ends, seen
        if select.select([master], [], [], 0.2)[0]:
            seen += os.read(master, 65536).decode(errors="replace")
    return seen


def test_ctrl_c_stops_a_query_or_clears_the_input_and_history_is_kept(home: Home) -> None:
    with at_a_terminal(home) as (master, process):
        until(master, "featdisc> ")
        os.write(master, b"select sum(a.range * b.range)\n")
        until(master, "...> ")
        os.write(master, b"from range(10000000) a, range(10000000) b;\n")
        time.sleep(1)
        # The stopped query no longer has the file open.
        os.killpg(process.pid, signal.SIGINT)
        until(master, "featdisc> ")
        Warehouse(home.warehouse, lock_timeout_s=5).run("update sources set position = position")
        os.write(master, b"select 'half\n")
        until(master, "...> ")
        os.killpg(process.pid, signal.SIGINT)
        until(master, "featdisc> ")
        os.write(master, b"select 40 + 2 as answer;\n")
        until(master, "42", "featdisc> ")
        os.write(master, b"\x04")
        assert process.wait(timeout=30) == 0
    assert "select 40 + 2 as answer;" in (home.path / "shell_history").read_text()


def test_an_open_shell_blocks_no_writer_and_reads_while_another_process_writes(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    db = Warehouse(home.warehouse, lock_timeout_s=30)
    db.prepare()
    script = (
        "import sys, time, pyarrow as pa\nfrom pathlib import Path\nfrom featdisc_assets.warehouse import Warehouse\n"
        "db = Warehouse(Path(sys.argv[1]))\nwhile True:\n"
        "    db.append('sources', pa.table({'position': [0], 'path': ['p']}))\n"
        "    time.sleep(0.02)\n"
    )
    with at_a_terminal(home) as (master, process):
        until(master, "featdisc> ")
        writer = subprocess.Popen([sys.executable, "-c", script, str(home.warehouse)])
        try:
            while db.scalar("select count(*) from sources") < 3:
                time.sleep(0.05)
            counts: list[int] = []
            ends = time.monotonic() + 60
            while (len(counts) < 10 or counts[-1] == counts[0]) and time.monotonic() < ends:
                i = len(counts)
                os.write(master, f"select 'n' || count(*) || 'q{i}' as n from sources;\n".encode())
                answer = until(master, f"q{i}\r\n", "featdisc> ")
                counts.append(int(re.findall(rf"n(\d+)q{i}", answer)[0]))
            assert counts == sorted(counts)
            assert counts[0] >= 3
            assert counts[-1] > counts[0]
            assert process.poll() is None
            assert writer.poll() is None
        finally:
            writer.kill()
            writer.wait()


@pytest.mark.parametrize("format_", ["parquet", "csv", "json"])
def test_an_export_reads_back_as_the_table(format_: str, home: Home, tmp_path: Path) -> None:
    path, rows = exporting.export(home, name="SOURCES", query=None, to=tmp_path / f"it's.{format_}", format_=None)
    assert (path, rows) == (tmp_path / f"it's.{format_}", 2)
    with Warehouse(home.warehouse).connect(read_only=True) as connection:
        back = connection.execute(f"select position, path from read_{format_}($1)", [str(path)])
        assert back.fetchall() == [(0, "a;b"), (1, 'naïve, "quoted"\nline')]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_export_a_view_into_a_folder_and_a_query_over_an_existing_file(home: Home, tmp_path: Path) -> None:
    path, rows = exporting.export(home, name="coverage", query=None, to=tmp_path, format_=None)
    assert (path.name, rows) == ("coverage.parquet", 0)
    assert pq.read_schema(path).names == Warehouse(home.warehouse).schema("coverage").names
    for i in (1, 2):
        path, rows = exporting.export(
            home,
            name=None,
            query=f"-- words\nselect {i} as i, ';' as mark -- end;\n;",
            to=tmp_path / "q",
            format_="csv",
        )
        assert rows == 1
        assert path.read_text(encoding="utf-8") == f"i,mark\n{i},;\n"


def test_a_query_that_fails_keeps_the_existing_file(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("kept", encoding="utf-8")
    with pytest.raises(QueryError, match="Could not convert"):
        exporting.export(
            home,
            name=None,
            query="select if(i < 999999, '1', 'x')::int from range(1000000) r(i)",
            to=path,
            format_=None,
        )
    assert path.read_text(encoding="utf-8") == "kept"
    assert [each.name for each in tmp_path.iterdir()] == ["kept.csv"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "cluster_prevalance"}, "no table or view 'cluster_prevalance'; similar names: cluster_prevalence"),
        ({"name": "zzz"}, "it has cluster_audit, "),
        ({"name": None}, "the name of one table or view, or one select"),
        ({"name": "pieces", "query": "select 1"}, "the name of one table or view, or one select"),
        ({"name": "pieces", "to": "none/such.csv"}, "make the folder first"),
        ({"name": "pieces", "to": "warehouse.duckdb"}, "is a file of featdisc itself"),
    ],
)  # fmt: skip
def test_an_impossible_export_is_one_sentence(given: dict[str, str], says: str, home: Home) -> None:
    to = home.path / given.pop("to", "out.csv")
    with pytest.raises(FeatdiscError, match=says):
        exporting.export(home, **({"query": None} | given), to=to, format_=None)
    assert not (home.path / "out.csv").exists()


def test_from_the_command_line(home: Home, tmp_path: Path) -> None:
    done = featdisc("export", "sources", "--to", str(tmp_path / "s.csv"), home=home.path)
    assert done.stdout == f"2 rows in {tmp_path / 's.csv'}\n"
    assert pyarrow.csv.read_csv(
        tmp_path / "s.csv", parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)
    ).column_names == ["position", "path", "reading"]
    done = featdisc("export", "source", "--to", str(tmp_path), home=home.path)
    assert done.returncode == 1
    assert done.stderr.startswith("featdisc: The warehouse has no table or view 'source'; similar names: sources")


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["-- grain: one row\nselect 'found' as word"], ""),
        (["--grain: one row\nselect 'found' as word"], ""),
        (["-- grain: one row\nselect 'found' as word", "--format", "csv"], ""),
        (["--file", "FILE"], ""),
        (["-"], "-- grain\nselect 'found' as word"),
    ],
)
def test_sql_takes_a_query_from_anywhere(arguments: list[str], stdin: str, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "query.sql"
    path.write_text("-- grain: one row\nselect 'found' as word;\n", encoding="utf-8")
    done = featdisc("sql", *(str(path) if each == "FILE" else each for each in arguments), home=home.path, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert "found" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Give one query"),
        (["select 1", "--file", "x.sql"], "Give one query"),
        (["--file", "none.sql"], "cannot be read"),
        (["--formt", "csv", "select 1"], "No such option"),
    ],
)
def test_sql_without_one_query(arguments: list[str], says: str, home: Home) -> None:
    done = featdisc("sql", *arguments, home=home.path)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr

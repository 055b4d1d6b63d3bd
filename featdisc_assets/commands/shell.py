"""`featdisc shell`: one query after another, each over a connection of its own, so that a run can write in between."""

import contextlib
import re
import sys
from collections.abc import Iterator

import pyarrow as pa

from featdisc_assets.commands import export as exporting
from featdisc_assets.commands import printing
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import QueryError, Warehouse, peek

MOST = 200

HELP = """\
A query ends with `;` and may run over several lines. Ctrl-C drops what is typed or stops the query, Ctrl-D leaves.
  .tables           tables and views, and what a row of each is
  .schema NAME      columns of one, and what they hold
  .macros           what can be called: from search_features('loop')
  .help             this
  .quit             leave
`set variable min_support = 10;` holds for the queries that follow."""

_MACROS = """
select distinct function_name || '(' || array_to_string(parameters, ', ') || ')' as macro, comment
from duckdb_functions()
where database_name = current_database() and function_type in ('macro', 'table_macro') and not internal
order by macro
"""

_SCHEMA = """
select column_name as "column", data_type as type, comment from duckdb_columns()
where database_name = current_database() and table_name = $1 and not internal order by column_index
"""

# Quoted text, names, comments and dollar quotes, in which a `;` ends nothing; the last are ones still open.
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|(?P<end>;)"
    r"|(?P<open>['\"]|/\*|\$\w*\$)|.",
    re.DOTALL,
)


def shell(home: Home) -> None:
    """Read queries until the input ends, and print their answers."""
    db = exporting.warehouse(home)
    asked = sys.stdin.isatty()
    if asked:
        print(f"{db.path}, read-only; `.help` helps, Ctrl-D leaves")
    session = _Session(db)
    with _history(home) if asked else contextlib.nullcontext():
        while True:
            try:
                # Without a person to see them, prompts would only stand among the answers.
                line = input(("   ...> " if session.typed else "featdisc> ") if asked else "")
                if not session.take(line):
                    return
            except EOFError:
                session.take(";")
                return
            except KeyboardInterrupt:
                session.typed = ""
                print("^C", file=sys.stderr)


class _Session:
    """What was typed and not yet asked, and the settings that later queries go by."""

    def __init__(self, db: Warehouse) -> None:
        self.db = db
        self.typed = ""
        self.settings: list[str] = []

    def take(self, line: str) -> bool:
        """One line; False where it says to leave."""
        if not self.typed and line.strip().startswith("."):
            name, _, argument = line.strip().rstrip(";").partition(" ")
            if name in (".quit", ".exit"):
                return False
            with _told():
                self._command(name, argument.strip())
            return True
        statements, self.typed = split(f"{self.typed}{line}\n")
        for statement in statements:
            with _told():
                self._ask(statement)
        return True

    def _ask(self, statement: str) -> None:
        answer = peek(self.db, ";\n".join([*self.settings, statement]), MOST + 1)
        if re.match(r"set\b", statement, re.IGNORECASE):
            self.settings.append(statement)
        elif answer.num_columns:
            _print(answer)

    def _command(self, name: str, argument: str) -> None:
        if name == ".help":
            print(HELP)
        elif name == ".tables":
            _print(self.db.read(exporting.RELATIONS))
        elif name == ".macros":
            _print(self.db.read(_MACROS))
        elif name == ".schema" and argument:
            _print(self.db.read(_SCHEMA, [exporting.known(self.db, argument)]))
        elif name == ".schema":
            raise QueryError("Say of which table or view: `.schema clusters`; `.tables` lists them.")
        else:
            raise QueryError(f"There is no {name}; `.help` lists what there is.")


def split(typed: str) -> tuple[list[str], str]:
    """The statements that a `;` has ended, and what is left over, empty where that says nothing."""
    statements, start = [], 0
    for token in _TOKEN.finditer(typed):
        if token["open"]:
            break
        if token["end"]:
            statements.append(typed[start : token.start()].strip())
            start = token.end()
    rest = typed[start:]
    return [statement for statement in statements if statement], rest if rest.strip() else ""


def _print(answer: pa.Table) -> None:
    printing.show(answer.slice(0, MOST), "table")
    if answer.num_rows > MOST:
        print(f"the first {MOST} rows; `featdisc export --query … --to FILE` writes all", file=sys.stderr)
    sys.stdout.flush()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What a query cannot do is said, and the shell goes on."""
    try:
        yield
    except FeatdiscError as error:
        print(error, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _history(home: Home) -> Iterator[None]:
    """What was typed in earlier shells of this home, kept beside its warehouse."""
    try:
        import readline  # noqa: PLC0415 - not on every system
    except ImportError:
        yield
        return
    path = home.path / "shell_history"
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(2000)
    try:
        yield
    finally:
        # A home that others own can still be read.
        with contextlib.suppress(OSError):
            readline.write_history_file(path)

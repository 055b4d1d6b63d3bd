"""`featdisc shell`: an interactive prompt with one connection per query, so that a run can write in between."""

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

MAX_ROWS = 200

HELP = """\
A query ends with `;` and may span several lines. Ctrl-C clears the input or stops the query, Ctrl-D exits.
  .tables           list tables and views, and what a row of each is
  .schema NAME      list the columns of one, with descriptions
  .macros           list macros to call: from search_features('loop')
  .help             show this help
  .quit             exit
`set variable min_support = 10;` applies to later queries."""

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

# A `;` ends a statement, except in strings, quoted names, comments and dollar quotes; `open` matches unclosed ones.
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|(?P<end>;)"
    r"|(?P<open>['\"]|/\*|\$\w*\$)|.",
    re.DOTALL,
)


def shell(home: Home) -> None:
    """Read queries until the input ends, and print their results."""
    db = exporting.warehouse(home)
    is_interactive = sys.stdin.isatty()
    if is_interactive:
        print(f"{db.path}, read-only; `.help` lists commands, Ctrl-D exits")
    session = _Session(db)
    with _history(home) if is_interactive else contextlib.nullcontext():
        while True:
            try:
                # Without a terminal, prompts would be mixed into the results.
                line = input(("   ...> " if session.pending else "featdisc> ") if is_interactive else "")
                if not session.take(line):
                    return
            except EOFError:
                session.take(";")
                return
            except KeyboardInterrupt:
                session.pending = ""
                print("^C", file=sys.stderr)


class _Session:
    """Input that has not been run yet, and the `set` statements that apply to later queries."""

    def __init__(self, db: Warehouse) -> None:
        self.db = db
        self.pending = ""
        self.settings: list[str] = []

    def take(self, line: str) -> bool:
        """Handle one line; False if it says to quit."""
        if not self.pending and line.strip().startswith("."):
            name, _, argument = line.strip().rstrip(";").partition(" ")
            if name in (".quit", ".exit"):
                return False
            with _print_errors():
                self._command(name, argument.strip())
            return True
        statements, self.pending = split(f"{self.pending}{line}\n")
        for statement in statements:
            with _print_errors():
                self._run(statement)
        return True

    def _run(self, statement: str) -> None:
        result = peek(self.db, ";\n".join([*self.settings, statement]), MAX_ROWS + 1)
        if re.match(r"set\b", statement, re.IGNORECASE):
            self.settings.append(statement)
        elif result.num_columns:
            _print(result)

    def _command(self, name: str, argument: str) -> None:
        if name == ".help":
            print(HELP)
        elif name == ".tables":
            _print(self.db.read(exporting.RELATIONS))
        elif name == ".macros":
            _print(self.db.read(_MACROS))
        elif name == ".schema" and argument:
            _print(self.db.read(_SCHEMA, [exporting.relation_name(self.db, argument)]))
        elif name == ".schema":
            raise QueryError("`.schema` needs a table or view: `.schema clusters`; `.tables` lists them.")
        else:
            raise QueryError(f"There is no command {name}; `.help` lists the commands.")


def split(pending: str) -> tuple[list[str], str]:
    """The statements that end with a `;`, and the rest, empty if it is white space."""
    statements, start = [], 0
    for token in _TOKEN.finditer(pending):
        if token["open"]:
            break
        if token["end"]:
            statements.append(pending[start : token.start()].strip())
            start = token.end()
    rest = pending[start:]
    return [statement for statement in statements if statement], rest if rest.strip() else ""


def _print(result: pa.Table) -> None:
    printing.show(result.slice(0, MAX_ROWS), "table")
    if result.num_rows > MAX_ROWS:
        print(f"the first {MAX_ROWS} rows; `featdisc export --query … --to FILE` writes all of them", file=sys.stderr)
    sys.stdout.flush()


@contextlib.contextmanager
def _print_errors() -> Iterator[None]:
    """Print errors for the user instead of ending the shell."""
    try:
        yield
    except FeatdiscError as error:
        print(error, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _history(home: Home) -> Iterator[None]:
    """Input history of the home's earlier shells, kept next to its warehouse."""
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
        # The home may be read-only.
        with contextlib.suppress(OSError):
            readline.write_history_file(path)

"""The command line: thin, over the same assets and the same warehouse as the UI.

Commands import what they need when they are called: Dagster takes seconds to import, and `--help` must not wait for it.
"""

import datetime as dt
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from featdisc_assets.commands.options import (
    FormatOption,
    HomeOption,
    MapOption,
    RedactOption,
    RunOptions,
    ToolsOption,
    home_option,
    takes_run_options,
)
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home

app = typer.Typer(
    name="featdisc",
    help="Find out from transcripts alone what a language model does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
@takes_run_options
def run(
    options: RunOptions,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what failed permanently, in rating and in naming.")
    ] = False,
) -> None:
    """Materialise the whole graph: read transcripts, rate, embed, cluster, name, test, report."""
    from featdisc_assets.commands import run as running
    from featdisc_assets.commands import summary

    overrides = running.settings(**options.given(), retry_failed=retry_failed)
    option, started = home_option(options.place), _now()
    running.run(options.place, overrides, running.read_config(options.config))
    summary.summarise(options.place, option=option, since=started)


@app.command()
@takes_run_options
def plan(options: RunOptions) -> None:
    """Read the transcripts and show what `run` would ask a model to rate and what that would cost. Asks nothing."""
    from featdisc_assets.commands import run as running
    from featdisc_assets.commands import summary

    overrides = running.settings(**options.given())
    option = home_option(options.place)
    running.plan(options.place, overrides, running.read_config(options.config))
    # The home remembers sources, reading options and model, but not the granularity.
    granularity = f" --granularity {options.granularity.value}" if options.granularity else ""
    summary.show_plan(options.place, option=option + granularity)


@app.command()
def refresh(
    home: HomeOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is out of date, and why.")] = False,
) -> None:
    """Rerun only what is out of date: after changes to prompts, settings, SQL or source files."""
    from featdisc_assets.commands import export as exporting
    from featdisc_assets.commands import run as running
    from featdisc_assets.commands import summary

    place = Home.find(home)
    exporting.warehouse(place)
    option, started = home_option(place), _now()
    count = running.refresh(place, dry_run=dry_run, write=print)
    if not count:
        print("nothing is out of date")
    elif not dry_run:
        summary.show_totals(place, option=option, since=started)


@app.command()
def prompt(
    name: Annotated[str, typer.Argument(help="The prompt, such as rate/thought or name/cluster.")] = "",
    home: HomeOption = None,
) -> None:
    """Copy a built-in prompt into the home for editing. Without a name, list the prompts and which file is in use."""
    from featdisc_assets.llm import prompts

    place = Home.find(home)
    if name:
        print(prompts.copy(name, place.prompts))
        return
    for built_in in prompts.names():
        own = place.prompts / built_in
        print(f"{built_in:<24} {own if own.is_file() else 'built in'}")


class Format(StrEnum):
    """How `featdisc sql` prints."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(help="One select; `from coverage` is enough. `-` reads it from standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the select from a file.")] = None,
    home: HomeOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.table,
) -> None:
    """Query the warehouse, also while a run writes to it."""
    from featdisc_assets.commands import export as exporting
    from featdisc_assets.commands import printing
    from featdisc_assets.warehouse import ask

    select = exporting.select_of(query, file)
    printing.show(ask(exporting.warehouse(Home.find(home)), select), format_.value)


@app.command()
def inspect(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, globs or hf:// datasets.")],
    format_: FormatOption = None,
    map_: MapOption = None,
    tools: ToolsOption = False,
    redact: RedactOption = False,
    most: Annotated[int, typer.Option("--most", help="Read at most this many rows; 0 reads all.")] = 0,
) -> None:
    """Show what a run would read: formats, turns, pieces, dropped text with reasons, examples. Writes nothing."""
    from featdisc_assets.commands import inspect as inspecting
    from featdisc_assets.formats import Reading

    reading = Reading(format_ or "auto", tuple(map_ or ()), tools, redact, allow_empty=True)
    inspecting.show(inspecting.inspect(paths, reading, most=most))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, worded as a rater would.")],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many features to show.")] = 15,
) -> None:
    """Find features, their clusters and pieces by meaning."""
    import pyarrow as pa

    from featdisc_assets.commands import export as exporting
    from featdisc_assets.commands import printing
    from featdisc_assets.commands import search as searching

    found = searching.search(exporting.warehouse(Home.find(home)), query, limit=limit)
    printing.show(pa.Table.from_pylist(found), "table")


@app.command()
def ui(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anyone who can reach it can start runs.")
    ] = "127.0.0.1",
) -> None:
    """Open the Dagster UI on a home."""
    from featdisc_assets.commands import run as running

    place = Home.find(home)
    running.enter(place)
    print(f"Dagster UI on {place.path}: http://{host}:{port} in about 15 seconds; stop it with Ctrl-C", flush=True)
    arguments = ["-m", "dagster", "dev", "-m", "featdisc_assets.definitions", "-h", host, "-p", str(port)]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter


class FileFormat(StrEnum):
    """What `featdisc export` writes."""

    parquet = "parquet"
    csv = "csv"
    json = "json"


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="The file to write, or a folder. An existing file is replaced.")],
    name: Annotated[str | None, typer.Argument(help="A table or view.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="One select, in place of a name.")] = None,
    format_: Annotated[
        FileFormat | None,
        typer.Option(
            "--format", help="json writes one object per line. Default: from the file's extension, else parquet."
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write a table, a view or the result of a query of any size to a file."""
    from featdisc_assets.commands import export as exporting

    path, rows = exporting.export(
        Home.find(home), name=name, query=query, to=to, format_=format_.value if format_ else None
    )
    print(f"{rows:,} rows in {path}")


@app.command()
def shell(home: HomeOption = None) -> None:
    """Query the warehouse interactively, also while a run writes to it."""
    from featdisc_assets.commands import shell as interactive

    interactive.shell(Home.find(home))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


# `-- words`, or `--words` with a line below.
_COMMENT = re.compile(r"--(\s|.*\n)")


def main(arguments: list[str] | None = None) -> Any:  # noqa: ANN401 - as click returns it
    """The console script: a `FeatdiscError` prints one sentence; any other error is a bug and shows its traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        # A query that begins with a comment would be parsed as an option without a leading space.
        return app(args=[f" {word}" if _COMMENT.match(word) else word for word in given], prog_name="featdisc")
    except FeatdiscError as error:
        print(f"featdisc: {error}", file=sys.stderr)
        return sys.exit(1)
    except KeyboardInterrupt:
        print("featdisc: stopped; answers are kept, and the same command continues from there", file=sys.stderr)
        return sys.exit(130)


if __name__ == "__main__":
    main()

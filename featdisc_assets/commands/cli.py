"""The command line: thin, over the same assets and the same warehouse as the UI."""

import datetime as dt
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home, sample_path

app = typer.Typer(
    name="featdisc",
    help="Find out from transcripts alone what a language model does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder that holds everything a run makes. [default: FEATDISC_HOME, else .featdisc]"),
]


FormatOption = Annotated[
    str | None, typer.Option("--format", help="How rows are read: a format's name. [default: by each row's content]")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="Where odd columns keep what: FIELD=PATH or role:NAME=ROLE; repeat it."),
]
ToolsOption = Annotated[
    bool, typer.Option("--tools", help="Keep what passed to and from tools as pieces of a fourth kind.")
]
RedactOption = Annotated[
    bool, typer.Option("--redact", help="Take e-mail addresses, phone numbers, keys and similar out of every text.")
]
AllowEmptyOption = Annotated[
    bool, typer.Option("--allow-empty", help="Load a source of which one kind came out empty everywhere.")
]


class Granularity(StrEnum):
    """What a piece is."""

    conversation = "conversation"
    turn = "turn"


GranularityOption = Annotated[
    Granularity | None, typer.Option(help="One piece per kind and conversation, or per kind and turn.")
]
FeaturesOption = Annotated[
    list[str] | None,
    typer.Option(help="A file of features made elsewhere instead of transcripts: rating is skipped."),
]


class Format(StrEnum):
    """How `featdisc sql` prints."""

    table = "table"
    csv = "csv"
    json = "json"


SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A file, folder or glob of transcripts, or hf://datasets/OWNER/NAME; repeat it, or list several after it."
    ),
]
MoreSources = Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Further sources.")]
SampleOption = Annotated[bool, typer.Option("--sample", help="Read the bundled sample.")]
ModelOption = Annotated[
    str | None,
    typer.Option(help="Any litellm model, its key in the environment. [default: as before, at first surface/v1]"),
]
ApiBaseOption = Annotated[str | None, typer.Option(help="Address of your own server.")]
BudgetOption = Annotated[
    float | None,
    typer.Option(help="The most this home may ever spend on models, in dollars, all runs together."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(help="YAML of settings by asset, `clusters: {seed: 1}`; the home keeps them in its settings.yaml."),
]


@app.command()
def run(
    source: SourceOption = None,
    more: MoreSources = None,
    sample: SampleOption = False,
    features: FeaturesOption = None,
    format_: FormatOption = None,
    map_: MapOption = None,
    tools: ToolsOption = False,
    redact: RedactOption = False,
    allow_empty: AllowEmptyOption = False,
    granularity: GranularityOption = None,
    home: HomeOption = None,
    model: ModelOption = None,
    api_base: ApiBaseOption = None,
    budget_usd: BudgetOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what failed for good, in rating and in naming.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Materialise the whole graph: read transcripts, rate, embed, cluster, name, test, report."""
    from featdisc_assets.commands import run as running  # noqa: PLC0415 - brings Dagster, which takes seconds
    from featdisc_assets.commands import summary  # noqa: PLC0415

    once = running.settings(
        sources=_sources(source, more, sample=sample, features=features),
        model=model,
        api_base=api_base,
        budget_usd=budget_usd,
        retry_failed=retry_failed,
        reading=_reading(format_, map_, tools=tools, redact=redact, allow_empty=allow_empty, features=features),
        granularity=granularity.value if granularity else None,
    )
    place = Home.find(home)
    option, started = _option(place), dt.datetime.now(dt.UTC).replace(tzinfo=None)
    running.run(place, once, running.read_config(config))
    summary.summarise(place, option=option, since=started)


@app.command()
def plan(
    source: SourceOption = None,
    more: MoreSources = None,
    sample: SampleOption = False,
    features: FeaturesOption = None,
    format_: FormatOption = None,
    map_: MapOption = None,
    tools: ToolsOption = False,
    redact: RedactOption = False,
    allow_empty: AllowEmptyOption = False,
    granularity: GranularityOption = None,
    home: HomeOption = None,
    model: ModelOption = None,
    api_base: ApiBaseOption = None,
    budget_usd: BudgetOption = None,
    config: ConfigOption = None,
) -> None:
    """Read the transcripts and say what rating them would ask and cost, without asking: what `run` will then do."""
    from featdisc_assets.commands import run as running  # noqa: PLC0415
    from featdisc_assets.commands import summary  # noqa: PLC0415

    once = running.settings(
        sources=_sources(source, more, sample=sample, features=features),
        model=model,
        api_base=api_base,
        budget_usd=budget_usd,
        reading=_reading(format_, map_, tools=tools, redact=redact, allow_empty=allow_empty, features=features),
        granularity=granularity.value if granularity else None,
    )
    place = Home.find(home)
    option = _option(place)
    running.plan(place, once, running.read_config(config))
    # Sources, reading and model are remembered; how they are split is not.
    summary.show_plan(place, option=f"{option} --granularity {granularity.value}" if granularity else option)


@app.command()
def refresh(
    home: HomeOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is out of date, and why.")] = False,
) -> None:
    """Rerun just what is out of date: after edited prompts, settings or SQL, new source files, and what they change."""
    from featdisc_assets.commands import export as exporting  # noqa: PLC0415
    from featdisc_assets.commands import run as running  # noqa: PLC0415
    from featdisc_assets.commands import summary  # noqa: PLC0415

    place = Home.find(home)
    exporting.warehouse(place)  # or there is nothing to refresh
    option, started = _option(place), dt.datetime.now(dt.UTC).replace(tzinfo=None)
    count = running.refresh(place, dry_run=dry_run, tell=print)
    if not count:
        print("nothing is out of date")
    elif not dry_run:
        summary.close(place, option=option, since=started)


@app.command()
def prompt(
    name: Annotated[str, typer.Argument(help="The prompt, such as rate/thought or name/cluster.")] = "",
    home: HomeOption = None,
) -> None:
    """Copy a built-in prompt into the home, to be edited there; without a name, list them and whose are in force."""
    from featdisc_assets.llm import prompts  # noqa: PLC0415

    place = Home.find(home)
    if name:
        print(prompts.copy(name, place.prompts))
        return
    for built_in in prompts.names():
        own = place.prompts / built_in
        print(f"{built_in:<24} {own if own.is_file() else 'built in'}")


def _sources(
    source: list[str] | None, more: list[str] | None, *, sample: bool, features: list[str] | None
) -> list[str]:
    sources = [*(source or []), *(more or []), *([str(sample_path())] if sample else [])]
    if features and sources:
        raise FeatdiscError("--features stands for the transcripts it was made of: leave the other sources out.")
    return features or sources


def _reading(
    format_: str | None,
    map_: list[str] | None,
    *,
    tools: bool,
    redact: bool,
    allow_empty: bool,
    features: list[str] | None,
) -> dict[str, Any]:
    """How sources are read, as the settings of `transcripts` have it."""
    return {
        "format": format_, "map": map_, "tools": tools, "redact": redact, "allow_empty": allow_empty,
        "features": bool(features),
    }  # fmt: skip


def _option(place: Home) -> str:
    """What a command needs so as to find this home; to be asked before anything enters it."""
    return "" if place == Home.find() else f" --home {place.path}"


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(help="One select; `from coverage` is enough. `-` reads it from standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the select from a file.")] = None,
    home: HomeOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.table,
) -> None:
    """Ask the warehouse, at any moment, also while a run is writing."""
    from featdisc_assets.commands import export as exporting  # noqa: PLC0415
    from featdisc_assets.commands import printing  # noqa: PLC0415
    from featdisc_assets.warehouse import ask  # noqa: PLC0415

    select = exporting.select_of(query, file)
    printing.show(ask(exporting.warehouse(Home.find(home)), select), format_.value)


@app.command()
def inspect(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, globs or hf:// datasets.")],
    format_: FormatOption = None,
    map_: MapOption = None,
    tools: ToolsOption = False,
    redact: RedactOption = False,
    most: Annotated[int, typer.Option("--most", help="Read no more than this many rows; 0 reads all.")] = 0,
) -> None:
    """Show what a run would read: formats, turns, pieces, what is dropped and why, examples. Nothing is written."""
    from featdisc_assets.commands import inspect as inspecting  # noqa: PLC0415
    from featdisc_assets.formats import Reading  # noqa: PLC0415

    reading = Reading(format_ or "auto", tuple(map_ or ()), tools, redact, allow_empty=True)
    inspecting.show(inspecting.inspect(paths, reading, most=most))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What you look for, as a rater would put it.")],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many features to show.")] = 15,
) -> None:
    """Find features, their clusters and pieces by meaning."""
    import pyarrow as pa  # noqa: PLC0415

    from featdisc_assets.commands import printing  # noqa: PLC0415
    from featdisc_assets.commands import search as searching  # noqa: PLC0415
    from featdisc_assets.warehouse import Warehouse  # noqa: PLC0415

    place = Home.find(home)
    if not place.warehouse.exists():
        raise FeatdiscError(
            f"There is no warehouse at {place.warehouse}; make one with `featdisc run --home {place.path}`."
        )
    printing.show(pa.Table.from_pylist(searching.search(Warehouse(place.warehouse), query, limit=limit)), "table")


@app.command()
def ui(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Where the browser finds it.")] = 3000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; anyone who reaches it can start runs.")
    ] = "127.0.0.1",
) -> None:
    """Open the Dagster UI on a home."""
    from featdisc_assets.commands import run as running  # noqa: PLC0415

    place = Home.find(home)
    running.enter(place)
    print(f"Dagster UI on {place.path}: http://{host}:{port} in some 15 seconds; stop it with Ctrl-C", flush=True)
    arguments = ["-m", "dagster", "dev", "-m", "featdisc_assets.definitions", "-h", host, "-p", str(port)]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter


class FileFormat(StrEnum):
    """What `featdisc export` writes."""

    parquet = "parquet"
    csv = "csv"
    json = "json"


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="The file to write, or a folder; a file that is there is replaced.")],
    name: Annotated[str | None, typer.Argument(help="A table or view.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="One select, in place of a name.")] = None,
    format_: Annotated[
        FileFormat | None,
        typer.Option("--format", help="json is one object a line. [default: as the file's name ends, else parquet]"),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write a table, a view or a query's answer to a file, whatever its size."""
    from featdisc_assets.commands import export as exporting  # noqa: PLC0415

    path, rows = exporting.export(
        Home.find(home), name=name, query=query, to=to, format_=format_.value if format_ else None
    )
    print(f"{rows:,} rows in {path}")


@app.command()
def shell(home: HomeOption = None) -> None:
    """Ask one query after another, at any moment, also while a run is writing."""
    from featdisc_assets.commands import shell as prompt  # noqa: PLC0415

    prompt.shell(Home.find(home))


# `-- words`, or `--words` with a line below.
_COMMENT = re.compile(r"--(\s|.*\n)")


def main(arguments: list[str] | None = None) -> Any:  # noqa: ANN401 - as click returns it
    """The console script: errors a person can mend are one sentence; anything else is a bug and shows its traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        # A query may begin with a comment, which would pass for an option: a space in front, and it does not.
        return app(args=[f" {word}" if _COMMENT.match(word) else word for word in given], prog_name="featdisc")
    except FeatdiscError as error:
        print(f"featdisc: {error}", file=sys.stderr)
        return sys.exit(1)
    except KeyboardInterrupt:
        print("featdisc: stopped; what was answered is kept, and the same command goes on from there", file=sys.stderr)
        return sys.exit(130)


if __name__ == "__main__":
    main()

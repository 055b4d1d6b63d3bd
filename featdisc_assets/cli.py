"""The command line: thin, over the same assets and the same warehouse as the UI."""

import datetime as dt
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.places import Home, sample_path

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


class Format(StrEnum):
    """How `featdisc sql` prints."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def run(
    source: Annotated[
        list[str] | None,
        typer.Option(help="A file, folder or glob of transcripts; repeat it, or list several after it."),
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Further sources.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Read the bundled sample.")] = False,
    features: Annotated[
        list[str] | None,
        typer.Option(help="A file of features made elsewhere instead of transcripts: rating is skipped."),
    ] = None,
    format_: FormatOption = None,
    map_: MapOption = None,
    tools: ToolsOption = False,
    redact: RedactOption = False,
    allow_empty: AllowEmptyOption = False,
    granularity: Annotated[
        Granularity | None, typer.Option(help="One piece per kind and conversation, or per kind and turn.")
    ] = None,
    home: HomeOption = None,
    model: Annotated[
        str | None,
        typer.Option(help="Any litellm model, its key in the environment. [default: as before, at first surface/v1]"),
    ] = None,
    api_base: Annotated[str | None, typer.Option(help="Address of your own server.")] = None,
    budget_usd: Annotated[
        float | None,
        typer.Option(help="The most this home may ever spend on models, in dollars, all runs together."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what failed for good, in rating and in naming.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option(help="YAML of settings by asset, as in the UI's launchpad: `clusters: {seed: 1}`.")
    ] = None,
) -> None:
    """Materialise the whole graph: read transcripts, rate, embed, cluster, name, test, report."""
    from featdisc_assets import running, summary  # noqa: PLC0415 - brings Dagster, which takes seconds

    sources = [*(source or []), *(more or []), *([str(sample_path())] if sample else [])]
    if features and sources:
        raise FeatdiscError("--features stands for the transcripts it was made of: leave the other sources out.")
    reading = {
        "format": format_, "map": map_, "tools": tools, "redact": redact, "allow_empty": allow_empty,
        "features": bool(features),
    }  # fmt: skip
    settings = running.settings(
        config,
        sources=features or sources,
        model=model,
        api_base=api_base,
        budget_usd=budget_usd,
        retry_failed=retry_failed,
        reading=reading,
        granularity=granularity.value if granularity else None,
    )
    place = Home.find(home)
    option = "" if place == Home.find() else f" --home {place.path}"
    started = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    running.run(place, settings)
    summary.summarise(place, option=option, since=started)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One select; `from coverage` is enough.")],
    home: HomeOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.table,
) -> None:
    """Ask the warehouse, at any moment, also while a run is writing."""
    from featdisc_assets import printing  # noqa: PLC0415
    from featdisc_assets.warehouse import Warehouse  # noqa: PLC0415

    place = Home.find(home)
    if not place.warehouse.exists():
        raise FeatdiscError(
            f"There is no warehouse at {place.warehouse}; make one with `featdisc run --home {place.path}`."
        )
    printing.show(Warehouse(place.warehouse).ask(query), format_.value)


@app.command()
def inspect(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or globs of transcripts.")],
    format_: FormatOption = None,
    map_: MapOption = None,
    tools: ToolsOption = False,
    redact: RedactOption = False,
    most: Annotated[int, typer.Option("--most", help="Read no more than this many rows; 0 reads all.")] = 0,
) -> None:
    """Show what a run would read: formats, turns, pieces, what is dropped and why, examples. Nothing is written."""
    from featdisc_assets import inspecting  # noqa: PLC0415
    from featdisc_assets.formats import Reading  # noqa: PLC0415

    reading = Reading(format_ or "auto", tuple(map_ or ()), tools, redact, allows_empty=True)
    inspecting.show(inspecting.inspect(paths, reading, most=most))


@app.command()
def ui(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Where the browser finds it.")] = 3000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; anyone who reaches it can start runs.")
    ] = "127.0.0.1",
) -> None:
    """Open the Dagster UI on a home."""
    from featdisc_assets import running  # noqa: PLC0415

    place = Home.find(home)
    running.enter(place)
    print(f"Dagster UI on {place.path}: http://{host}:{port} in some 15 seconds; stop it with Ctrl-C", flush=True)
    arguments = ["-m", "dagster", "dev", "-m", "featdisc_assets.definitions", "-h", host, "-p", str(port)]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter


def main(arguments: list[str] | None = None) -> Any:  # noqa: ANN401 - as click returns it
    """The console script: errors a person can mend are one sentence; anything else is a bug and shows its traceback."""
    try:
        return app(args=arguments, prog_name="featdisc")
    except FeatdiscError as error:
        print(f"featdisc: {error}", file=sys.stderr)
        return sys.exit(1)
    except KeyboardInterrupt:
        print("featdisc: stopped; what was answered is kept, and the same command goes on from there", file=sys.stderr)
        return sys.exit(130)


if __name__ == "__main__":
    main()

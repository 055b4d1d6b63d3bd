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
    settings = running.settings(
        config, sources=sources, model=model, api_base=api_base, budget_usd=budget_usd, retry_failed=retry_failed
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
def search(
    query: Annotated[str, typer.Argument(help="What you look for, as a rater would put it.")],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many features to show.")] = 15,
) -> None:
    """Find features, their clusters and pieces by meaning."""
    import pyarrow as pa  # noqa: PLC0415

    from featdisc_assets import printing, searching  # noqa: PLC0415
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

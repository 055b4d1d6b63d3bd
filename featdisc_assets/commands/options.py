"""Options that several commands take, and those that `featdisc run` and `featdisc plan` share."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home, sample_path

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder that holds everything a run makes. Default: FEATDISC_HOME, else .featdisc."),
]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="Format to read rows as. Default: detected from each row's content.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="Where to find a field: FIELD=PATH or role:NAME=ROLE. Repeatable."),
]
ToolsOption = Annotated[
    bool, typer.Option("--tools", help="Keep tool calls and tool results as pieces of a fourth kind.")
]
RedactOption = Annotated[
    bool, typer.Option("--redact", help="Remove e-mail addresses, phone numbers, keys and similar from every text.")
]


class Granularity(StrEnum):
    """What a piece is."""

    conversation = "conversation"
    turn = "turn"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options that `run` and `plan` share: what to read, with what model, where."""

    source: Annotated[
        list[str] | None,
        typer.Option(
            help="A file, folder or glob of transcripts, or hf://datasets/OWNER/NAME. Repeat it, or list several"
            " after it."
        ),
    ] = None
    more: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Further sources.")] = None
    sample: Annotated[bool, typer.Option("--sample", help="Read the bundled sample.")] = False
    features: Annotated[
        list[str] | None,
        typer.Option(help="A file of features made elsewhere, in place of transcripts. Rating is skipped."),
    ] = None
    format_: FormatOption = None
    map_: MapOption = None
    tools: ToolsOption = False
    redact: RedactOption = False
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Load a source even if one kind is empty in all of its rows.")
    ] = False
    granularity: Annotated[
        Granularity | None, typer.Option(help="One piece per kind and conversation, or per kind and turn.")
    ] = None
    home: HomeOption = None
    model: Annotated[
        str | None,
        typer.Option(
            help="Any litellm model, with its key in the environment. Default: the last one used, at first surface/v1."
        ),
    ] = None
    api_base: Annotated[str | None, typer.Option(help="Address of your own server.")] = None
    budget_usd: Annotated[
        float | None,
        typer.Option(help="The most that this home may ever spend on models, in dollars, over all runs."),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML of settings by asset, `clusters: {seed: 1}`. The home keeps them in its settings.yaml."
        ),
    ] = None

    @property
    def place(self) -> Home:
        """The home to work in."""
        return Home.find(self.home)

    def given(self) -> dict[str, Any]:
        """The options as arguments of `commands.run.settings`.

        Raises:
            FeatdiscError: If both features and transcripts are given.
        """
        sources = [*(self.source or []), *(self.more or []), *([str(sample_path())] if self.sample else [])]
        if self.features and sources:
            raise FeatdiscError("--features replaces the transcripts it was made from: leave the other sources out.")
        reading = {
            "format": self.format_, "map": self.map_, "tools": self.tools, "redact": self.redact,
            "allow_empty": self.allow_empty, "features": bool(self.features),
        }  # fmt: skip
        return {
            "sources": self.features or sources,
            "reading": reading,
            "granularity": self.granularity.value if self.granularity else None,
            "model": self.model,
            "api_base": self.api_base,
            "budget_usd": self.budget_usd,
        }


def takes_run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is a `RunOptions` the options of that class, which typer cannot nest."""
    shared = inspect.signature(RunOptions).parameters
    _, *own = inspect.signature(command).parameters.values()

    @functools.wraps(command)
    def parsed(**given: Any) -> None:  # noqa: ANN401 - as typer parses them
        options = RunOptions(**{name: given.pop(name) for name in shared})
        command(options, **given)

    parsed.__signature__ = inspect.Signature([*shared.values(), *own])  # type: ignore[attr-defined]
    return parsed


def home_option(home: Home) -> str:
    """The ` --home PATH` that a command needs to find this home, empty if it is the default.

    Ask before a run enters the home: it then becomes the default.
    """
    return "" if home == Home.find() else f" --home {home.path}"

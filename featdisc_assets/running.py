"""One run of the whole graph on a home, outside the UI but into the same history."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm.providers import SURFACE, check_model
from featdisc_assets.places import Home, shipped
from featdisc_assets.transcript import KINDS
from featdisc_assets.warehouse import Warehouse

Settings = dict[str, dict[str, Any]]
ASKING = ("rating_plan", "cluster_names", "cluster_interest")


def settings(path: Path | None, *, sources: list[str], model: str | None, api_base: str | None) -> Settings:
    """Settings by asset: those of the file, with the command line's on top.

    Raises:
        FeatdiscError: If the file is not a mapping of assets to their settings.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, yaml.YAMLError) as error:
        raise FeatdiscError(
            f"{path} cannot be read as YAML ({' '.join(str(error).split())}); mend it or leave it out."
        ) from error
    given = given or {}
    if not isinstance(given, dict) or not all(isinstance(value, dict) for value in given.values()):
        raise FeatdiscError(f"{path} must map assets to their settings, as in `clusters: {{seed: 1}}`.")
    found: Settings = {str(asset): dict(values) for asset, values in given.items()}
    for asset, name, value in (
        ("transcripts", "source", sources),
        ("rating_plan", "model", model),
        ("rating_plan", "api_base", api_base),
    ):
        if value:
            found.setdefault(asset, {})[name] = value
    return found


def check_models(given: Settings) -> None:
    """Make sure that every model named can be asked, before anything starts.

    Raises:
        ModelError: If a key is missing or a provider unknown.
    """
    for asset in ASKING:
        model = given.get(asset, {}).get("model") or SURFACE
        check_model(model, given.get(asset, {}).get("api_base") or None)


def enter(home: Home) -> None:
    """Make a home the one that Dagster and the assets work in, from here on and in child processes."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    (home.dagster / "dagster.yaml").write_text(shipped("dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["FEATDISC_HOME"] = str(home.path)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


def run(home: Home, given: Settings) -> None:
    """Materialise everything, in this process.

    Raises:
        FeatdiscError: If the settings do not fit, or an asset met something a person can mend.
    """
    # Imported here: Dagster reads its home when it is first asked for.
    from featdisc_assets.definitions import configs, defs  # noqa: PLC0415

    check_settings(given, configs)
    enter(home)
    config = {
        "ops": {asset: {"config": values} for asset, values in given.items()},
        # Named, or Dagster falls back to a logger of its own that prints every event.
        "loggers": {"console": {}},
    }
    with dg.DagsterInstance.get() as instance:
        defs.resolve_job_def("everything").execute_in_process(instance=instance, run_config=config)


def check_settings(given: Settings, configs: Mapping[str, type[dg.Config]]) -> None:
    """Make sure that every setting names a knob and is within its range, before anything starts.

    Raises:
        FeatdiscError: For the first that does not, with what would.
    """
    for asset, values in given.items():
        if asset not in configs:
            raise FeatdiscError(f"No asset named {asset!r} takes settings; those that do are {', '.join(configs)}.")
        knobs = configs[asset].model_fields
        if unknown := sorted(values.keys() - knobs.keys()):
            raise FeatdiscError(f"{asset} has no setting {unknown[0]!r}; it has {', '.join(knobs)}.")
        try:
            configs[asset](**values)
        except ValidationError as error:
            first = error.errors()[0]
            knob = str(first["loc"][0]) if first["loc"] else "a setting"
            raise FeatdiscError(
                f"{asset}.{knob} = {values.get(knob)!r} does not fit: {first['msg'].lower()}; {knobs[knob].description}"
            ) from error


def summarise(home: Home, *, option: str, most: int = 8) -> None:
    """Print the most prevalent clusters of each kind, where everything lies, and how to go on.

    Args:
        home: Of a finished run.
        option: What a command needs so as to find this home: ` --home …`, or nothing.
        most: Clusters of each kind.
    """
    db = Warehouse(home.warehouse)
    console = Console()
    for kind in KINDS:
        rows = db.rows(
            """
            select label, n_transcripts, n_rated_transcripts, prevalence, interest
            from cluster_prevalence where kind = $1 order by prevalence desc, cluster_id limit $2""",
            [kind, most],
        )
        table = Table(title=f"What shows in {kind} pieces", title_justify="left", title_style="bold", pad_edge=False)
        table.add_column("transcripts", justify="right")
        table.add_column("share", justify="right")
        table.add_column("interest", justify="right")
        table.add_column("cluster")
        for row in rows:
            share = f"{row['prevalence']:.0%}"
            interest = "" if row["interest"] is None else f"{row['interest']:.0f}"
            table.add_row(
                f"{row['n_transcripts']} of {row['n_rated_transcripts']}",
                share,
                interest,
                Text(row["label"] or "(unnamed)"),
            )
        if rows:
            console.print(table, "")
    model = db.scalar("select any_value(model) from rating_plan")
    if model == SURFACE:
        console.print(
            f"Rated by {SURFACE}: built-in rules, not a language model. Choose one with --model.", soft_wrap=True
        )
    command = "featdisc" if shutil.which("featdisc") else os.path.relpath(Path(sys.executable).with_name("featdisc"))
    for line in (
        f"warehouse   {home.warehouse}",
        f"report      {home.report}",
        f'ask it      {command} sql{option} "from surprising_pairs limit 10"',
        f"look at it  {command} ui{option}    (in a checkout: make ui)",
    ):
        console.print(Text(line), soft_wrap=True)

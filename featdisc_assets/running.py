"""One run of the whole graph on a home, outside the UI but into the same history."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import dagster as dg
import yaml
from pydantic import ValidationError

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.llm.batch.api import BatchApi
from featdisc_assets.llm.providers import check_model
from featdisc_assets.places import Home, shipped
from featdisc_assets.warehouse import Warehouse

Settings = dict[str, dict[str, Any]]
# The assets that may ask a model of their own.
NAMING = ("cluster_names", "cluster_interest", "label_fidelity", "verification", "codebook")


def settings(
    path: Path | None,
    *,
    sources: list[str],
    model: str | None,
    api_base: str | None,
    budget_usd: float | None = None,
    retry_failed: bool = False,
) -> Settings:
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
        ("rating_plan", "budget_usd", budget_usd),
        *((asset, "retry_failed", retry_failed) for asset in ("features", *NAMING)),
    ):
        if value or (name == "budget_usd" and value is not None):
            found.setdefault(asset, {})[name] = value
    return found


def check_models(home: Home, configs: Mapping[str, dg.Config]) -> None:
    """Make sure that every model can be asked, and paid where there is a budget, before anything starts.

    Args:
        home: Its last plan says what the settings leave open.
        configs: The settings of every asset.

    Raises:
        ModelError: If a key is missing, a provider unknown or without batches, or a price unknown that a budget needs.
    """
    from featdisc_assets.assets import rating, whom  # noqa: PLC0415
    from featdisc_assets.assets.planning import Mode, read_plans  # noqa: PLC0415

    last = None
    if home.warehouse.exists():
        db = Warehouse(home.warehouse)
        db.prepare()
        last = next(iter(read_plans(db)), None)
    config = cast("rating.PlanConfig", configs["rating_plan"])
    plan = rating.plans_of(config, last)[0]
    check_model(plan.model, plan.api_base)
    if plan.mode == Mode.batch:
        BatchApi(plan.model, plan.api_base)
    for asset in NAMING:
        asked = whom.whom_to_ask(plan, cast("whom.OwnModelConfig", configs[asset]), asset)
        check_model(asked.model, asked.params.api_base)


def enter(home: Home) -> None:
    """Make a home the one that Dagster and the assets work in, from here on and in child processes."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    (home.dagster / "dagster.yaml").write_text(shipped("dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["FEATDISC_HOME"] = str(home.path)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


def run(home: Home, given: Settings) -> None:
    """Materialise everything, in this process.

    Raises:
        FeatdiscError: If the settings do not fit, a model cannot be asked, or an asset met something a person can mend.
    """
    # Imported here: Dagster reads its home when it is first asked for.
    from featdisc_assets.definitions import configs, defs  # noqa: PLC0415

    check_models(home, check_settings(given, configs))
    enter(home)
    config = {
        "ops": {asset: {"config": values} for asset, values in given.items()},
        # Named, or Dagster falls back to a logger of its own that prints every event.
        "loggers": {"console": {}},
    }
    with dg.DagsterInstance.get() as instance:
        defs.resolve_job_def("everything").execute_in_process(instance=instance, run_config=config)


def check_settings(given: Settings, configs: Mapping[str, type[dg.Config]]) -> dict[str, dg.Config]:
    """Make sure that every setting names a knob and is within its range, before anything starts.

    Returns:
        The settings of every asset that takes any, defaults included.

    Raises:
        FeatdiscError: For the first that does not, with what would.
    """
    found = {asset: config() for asset, config in configs.items()}
    for asset, values in given.items():
        if asset not in configs:
            raise FeatdiscError(f"No asset named {asset!r} takes settings; those that do are {', '.join(configs)}.")
        knobs = configs[asset].model_fields
        if unknown := sorted(values.keys() - knobs.keys()):
            raise FeatdiscError(f"{asset} has no setting {unknown[0]!r}; it has {', '.join(knobs)}.")
        try:
            found[asset] = configs[asset](**values)
        except ValidationError as error:
            first = error.errors()[0]
            knob = str(first["loc"][0]) if first["loc"] else "a setting"
            raise FeatdiscError(
                f"{asset}.{knob} = {values.get(knob)!r} does not fit: {first['msg'].lower()}; {knobs[knob].description}"
            ) from error
    return found

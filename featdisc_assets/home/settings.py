"""The settings a home keeps: what its `settings.yaml` says of an asset is the default of that asset's Config.

So the launchpad shows them, *Materialize* without a launchpad obeys them, and an edited file makes the assets it
decides show as out of date after "Reload definitions", as an edited prompt does.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import yaml
from pydantic import ValidationError

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home

Settings = dict[str, dict[str, Any]]
SomeConfig = TypeVar("SomeConfig", bound=dg.Config)

# The config class of every asset or check that takes settings, by the name it takes them under.
configs: dict[str, type[dg.Config]] = {}

_HEADER = "# Settings of this home, by asset; a setting that is not here has its default. See the UI's launchpad.\n"
# What this process was told to take instead of a home's file: settings are checked before they are kept.
_in_force: Settings | None = None


def settings_of(asset: str) -> Callable[[type[SomeConfig]], type[SomeConfig]]:
    """Class decorator: this is the config of one asset (or check), with the home's settings as its defaults.

    Raises:
        FeatdiscError: If the home's settings do not fit.
    """

    def settle(config: type[SomeConfig]) -> type[SomeConfig]:
        given = in_force().get(asset, {})
        fitted = fit(asset, config, given)
        for name in given:
            config.model_fields[name].default = getattr(fitted, name)
        if given:
            config.model_rebuild(force=True)
        configs[asset] = config
        return config

    return settle


def in_force() -> Settings:
    """What decides the defaults in this process: what it was told to use, else the file of the home it works in."""
    return read(Home.find().settings) if _in_force is None else _in_force


def use(settings: Settings) -> None:
    """Take these in place of the home's file.

    Raises:
        RuntimeError: An asset was imported before, and has the defaults of other settings: an error of ours.
    """
    global _in_force  # noqa: PLW0603  (defaults are made once a process)
    if configs and settings != in_force():
        raise RuntimeError(f"{', '.join(configs)}: imported before the settings were known that are their defaults")
    _in_force = settings


def read(path: Path) -> Settings:
    """The settings in a YAML file by asset; none if there is no file.

    Raises:
        FeatdiscError: If it is not a mapping of assets to their settings.
    """
    if not path.exists():
        return {}
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FeatdiscError(
            f"{path} cannot be read as YAML ({' '.join(str(error).split())}); mend it or leave it out."
        ) from error
    given = given or {}
    if not isinstance(given, dict) or not all(isinstance(value, dict) for value in given.values()):
        raise FeatdiscError(f"{path} must map assets to their settings, as in `clusters: {{seed: 1}}`.")
    return {str(asset): dict(values) for asset, values in given.items()}


def merge(*layers: Settings) -> Settings:
    """Settings by asset, later ones over earlier ones."""
    merged: Settings = {}
    for layer in layers:
        for asset, values in layer.items():
            merged[asset] = merged.get(asset, {}) | values
    return merged


def keep(path: Path, settings: Settings) -> None:
    """Write a home's settings, unless they are what it holds: a person's comments stay as long as the values do."""
    settings = {asset: values for asset, values in settings.items() if values}
    if read(path) == settings:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(_HEADER + yaml.safe_dump(settings, sort_keys=True, allow_unicode=True), encoding="utf-8")
    beside.replace(path)


def check_names(settings: Settings) -> None:
    """Make sure that every asset named takes settings; to be called once the assets are imported.

    Raises:
        FeatdiscError: For the first that does not.
    """
    for asset in settings:
        if asset not in configs:
            raise FeatdiscError(f"No asset named {asset!r} takes settings; those that do are {', '.join(configs)}.")


def fit(asset: str, config: type[dg.Config], values: Mapping[str, Any]) -> dg.Config:
    """The config with these values.

    Raises:
        FeatdiscError: For the first that names no knob or is outside its range, with what would fit.
    """
    knobs = config.model_fields
    if unknown := sorted(values.keys() - knobs.keys()):
        raise FeatdiscError(f"{asset} has no setting {unknown[0]!r}; it has {', '.join(knobs)}.")
    try:
        return config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        knob = str(first["loc"][0]) if first["loc"] else "a setting"
        raise FeatdiscError(
            f"{asset}.{knob} = {values.get(knob)!r} does not fit: {first['msg'].lower()}; {knobs[knob].description}"
        ) from error

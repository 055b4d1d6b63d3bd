"""The settings of a home in `settings.yaml`, by asset; `graph.config_defaults` makes them the configs' defaults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import yaml
from pydantic import ValidationError

from featdisc_assets.errors import FeatdiscError
from featdisc_assets.home.places import Home

Settings = dict[str, dict[str, Any]]
SomeConfig = TypeVar("SomeConfig", bound=dg.Config)

_HEADER = "# Settings of this home, by asset; all others have their defaults. See the UI's launchpad.\n"


def read(path: Path) -> Settings:
    """The settings in a YAML file, by asset; empty if there is no file.

    Raises:
        FeatdiscError: If it is not a mapping of assets to their settings.
    """
    if not path.exists():
        return {}
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FeatdiscError(
            f"{path} cannot be read as YAML ({' '.join(str(error).split())}); fix it or leave it out."
        ) from error
    given = given or {}
    if not isinstance(given, dict) or not all(isinstance(value, dict) for value in given.values()):
        raise FeatdiscError(f"{path} must map assets to their settings, as in `clusters: {{seed: 1}}`.")
    return {str(asset): dict(values) for asset, values in given.items()}


def merge(*layers: Settings) -> Settings:
    """Settings by asset; later layers override earlier ones."""
    merged: Settings = {}
    for layer in layers:
        for asset, values in layer.items():
            merged[asset] = merged.get(asset, {}) | values
    return merged


def keep(path: Path, settings: Settings) -> None:
    """Write a home's settings if they differ from those in the file, so that comments stay while values do."""
    settings = {asset: values for asset, values in settings.items() if values}
    if read(path) == settings:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(_HEADER + yaml.safe_dump(settings, sort_keys=True, allow_unicode=True), encoding="utf-8")
    temporary.replace(path)


def fit(asset: str, config: type[SomeConfig], values: Mapping[str, Any]) -> SomeConfig:
    """The config with these values.

    Raises:
        FeatdiscError: For the first value whose setting does not exist or that does not fit, with its description.
    """
    fields = config.model_fields
    if unknown := sorted(values.keys() - fields.keys()):
        raise FeatdiscError(f"{asset} has no setting {unknown[0]!r}; it has {', '.join(fields)}.")
    try:
        return config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        raise FeatdiscError(
            f"{asset}.{name} = {values.get(name)!r} does not fit: {first['msg'].lower()}; {fields[name].description}"
        ) from error


def config_of(home: Home, asset: str, config: type[SomeConfig]) -> SomeConfig:
    """The config of an asset with the home's settings, for code outside of a run.

    Raises:
        FeatdiscError: If a setting does not exist or does not fit.
    """
    return fit(asset, config, read(home.settings).get(asset, {}))

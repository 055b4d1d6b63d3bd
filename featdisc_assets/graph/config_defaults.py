"""A home's settings as the defaults of its assets, applied when `Definitions` are built and never on import.

The launchpad shows them, *Materialize* without a launchpad uses them, and after an edit and "Reload definitions" the
assets whose rows they decide show as out of date.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

import dagster as dg
import orjson
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction
from pydantic import create_model

from featdisc_assets.asking.plans import prompts_folder
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.versions import code_version, without_effect
from featdisc_assets.home.places import Home
from featdisc_assets.home.settings import Settings, fit
from featdisc_assets.llm import prompts

SomeAsset = TypeVar("SomeAsset", bound=dg.AssetsDefinition)
Configs = dict[str, type[dg.Config]]


def config_class(definition: dg.AssetsDefinition) -> type[dg.Config] | None:
    """The config class of an asset or check, None if it takes no settings."""
    function = definition.op.compute_fn
    if not isinstance(function, DecoratedOpFunction) or not function.has_config_arg():
        return None
    config: type[dg.Config] = function.get_config_arg().annotation
    return config


def config_classes(definitions: Iterable[dg.AssetsDefinition]) -> Configs:
    """The config classes of assets and checks, by the name of the op: the name that settings use."""
    found = ((definition.op.name, config_class(definition)) for definition in definitions)
    return {name: config for name, config in found if config is not None}


def check_settings(given: Settings, configs: Configs) -> dict[str, dg.Config]:
    """Check that every setting exists and fits.

    Returns:
        The config of every asset and check, with defaults for settings that are not given.

    Raises:
        FeatdiscError: For the first setting that does not exist or does not fit.
    """
    for asset in given:
        if asset not in configs:
            raise FeatdiscError(f"No asset named {asset!r} takes settings; those that do are {', '.join(configs)}.")
    return {asset: fit(asset, config, given.get(asset, {})) for asset, config in configs.items()}


def with_settings(definition: SomeAsset, settings: Settings, home: Home) -> SomeAsset:
    """The asset or check with the home's settings as defaults, and with the home's prompts in its code version.

    Raises:
        FeatdiscError: If a setting does not fit.
    """
    config = config_class(definition)
    if config is None:
        return definition
    name = definition.op.name
    given = settings.get(name, {})
    fitted = fit(name, config, given)
    values = {setting: getattr(fitted, setting) for setting in given}
    decisive = [_changed(config, values), *_prompt_texts(config, settings, home)]
    if values:
        definition = _with_defaults(definition, config, values)
    if not any(decisive):
        return definition
    versioned = definition.map_asset_specs(
        lambda spec: spec.replace_attributes(code_version=code_version(spec.code_version or "", *decisive))
    )
    return cast("SomeAsset", versioned)


def _changed(config: type[dg.Config], values: Mapping[str, object]) -> str:
    """The values that decide rows and differ from the defaults, as JSON; empty if there are none."""
    fields, skipped = config.model_fields, without_effect(config)
    changed = {
        setting: value
        for setting, value in values.items()
        if setting not in skipped and value != fields[setting].default
    }
    return orjson.dumps(changed, option=orjson.OPT_SORT_KEYS, default=str).decode() if changed else ""


def _prompt_texts(config: type[dg.Config], settings: Settings, home: Home) -> list[str]:
    names: tuple[str, ...] = getattr(config, "prompts", ())
    folder = prompts_folder(settings.get("rating_plan", {}).get("prompts_folder"), home)
    split = (name.split("/") for name in names)
    return [prompts.fingerprint(task, name, folder) for task, name in split]


def _with_defaults(definition: SomeAsset, config: type[dg.Config], values: Mapping[str, object]) -> SomeAsset:
    """A copy with other defaults in the config schema; Dagster has no public function for that."""
    changed: dict[str, Any] = {}
    for setting, value in values.items():
        field = copy.copy(config.model_fields[setting])
        field.default = value
        changed[setting] = (field.annotation, field)
    model = create_model(config.__name__, __base__=config, __doc__=config.__doc__, **changed)
    schema = cast("Any", model.to_config_schema())
    op = definition.op.with_replaced_properties(name=definition.op.name, config_schema=schema)
    attributes = definition.get_attributes_dict() | {"node_def": op}
    kind: Any = type(definition)
    if isinstance(definition, dg.AssetChecksDefinition):
        wanted = ("keys_by_input_name", "node_def", "check_specs_by_output_name", "can_subset", "resource_defs")
        return cast("SomeAsset", kind.create(**{name: attributes[name] for name in wanted}))
    return cast("SomeAsset", kind.dagster_internal_init(**attributes))

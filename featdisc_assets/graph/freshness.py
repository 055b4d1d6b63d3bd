"""Which assets are out of date and why, by Dagster's records, and the rerun of only those.

An asset is out of date if it was never materialised, if its code version changed since, or if the data version of a
parent changed since. The UI shows the same as *Unsynced*.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

_CODE = "dagster/code_version"
_DATA = "dagster/data_version"
_INPUT = "dagster/input_data_version/"
# What Dagster writes for an input that was not observed yet.
_NEVER = ("INITIAL", "__unknown__", None)


@dataclass(frozen=True, slots=True)
class Stale:
    """One asset that is out of date.

    Attributes:
        asset: Its name.
        op: The op that computes it.
        reasons: One clause each.
    """

    asset: str
    op: str
    reasons: tuple[str, ...]


class Freshness:
    """Staleness of the assets of a code location.

    Args:
        repository: The assets.
        instance: Dagster's records of one home.
    """

    def __init__(self, repository: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
        self._repository, self._instance = repository, instance

    @cached_property
    def _ops(self) -> dict[str, dg.AssetsDefinition]:
        return {
            asset.op.name: asset
            for asset in self._repository.assets_defs_by_key.values()
            if asset.is_executable and not asset.is_observable
        }

    @cached_property
    def _op_of(self) -> dict[dg.AssetKey, str]:
        return {key: op for op, asset in self._ops.items() for key in asset.keys}

    @cached_property
    def levels(self) -> list[list[dg.AssetKey]]:
        """Asset keys by distance from the sources; keys of one level can be materialised together."""
        graph = self._repository.asset_graph
        return [sorted(key for key in level if key in self._op_of) for level in graph.toposorted_asset_keys_by_level]

    def stale(self) -> list[Stale]:
        """Every asset that is out of date now, in the order of the graph."""
        return self._stale_among([key for level in self.levels for key in level])

    def _stale_among(self, keys: list[dg.AssetKey]) -> list[Stale]:
        tags = self._tags()
        return [found for key in keys if (found := self._staleness(key, tags))]

    def downstream(self, stale: list[Stale]) -> list[str]:
        """Assets downstream of these, which go out of date if the rows of these change."""
        graph = self._repository.asset_graph
        reached = {dg.AssetKey(found.asset) for found in stale}
        below = [key for level in self.levels for key in level if graph.get_ancestor_asset_keys(key) & reached - {key}]
        return [key.to_user_string() for key in below if key not in reached]

    def _staleness(self, key: dg.AssetKey, tags: Mapping[dg.AssetKey, Mapping[str, str] | None]) -> Stale | None:
        made_with, asset = tags[key], self._ops[self._op_of[key]]
        reasons = []
        if made_with is None:
            reasons.append("never materialised")
        else:
            if asset.code_versions_by_key.get(key) != made_with.get(_CODE):
                reasons.append("its prompts, settings, SQL or code changed")
            for parent in sorted(asset.asset_deps[key]):
                now = tags[parent] if parent in tags else self._observed(parent)
                then = made_with.get(_INPUT + parent.to_user_string())
                if now is not None and then not in (now.get(_DATA), *(_NEVER if parent not in tags else ())):
                    reasons.append(f"{parent.to_user_string()} changed")
        return Stale(key.to_user_string(), self._op_of[key], tuple(reasons)) if reasons else None

    def _tags(self) -> dict[dg.AssetKey, Mapping[str, str] | None]:
        """The tags of each asset's last materialisation, in one query: one per asset took a second."""
        made = {
            record.asset_entry.asset_key: entry.asset_materialization
            for record in self._instance.get_asset_records(list(self._op_of))
            if (entry := record.asset_entry.last_materialization)
        }
        return {key: found.tags if (found := made.get(key)) else None for key in self._op_of}

    def _observed(self, key: dg.AssetKey) -> Mapping[str, str] | None:
        found = self._instance.fetch_observations(key, limit=1).records
        observation = found[0].asset_observation if found else None
        return None if observation is None else observation.tags

    def refresh(self, run_config: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[list[Stale]]:
        """Materialise what is out of date, level by level; yields each level before it is materialised.

        If the rows of a level do not change, its downstream assets do not rerun.
        """
        job = self._repository.get_job("everything")
        for level in self.levels:
            stale = self._stale_among(level)
            if not stale:
                continue
            ops = {found.op for found in stale}
            keys = [
                key
                for op in sorted(ops)
                for key in sorted(self._ops[op].keys)
                # An op that cannot be subset materialises all its assets.
                if not self._ops[op].can_subset or key.to_user_string() in {found.asset for found in stale}
            ]
            yield stale
            wanted = {
                op: config for op, config in run_config.get("ops", {}).items() if op in ops or _is_check(op, keys)
            }
            job.execute_in_process(
                instance=self._instance,
                run_config={**run_config, "ops": wanted},
                asset_selection=keys,
                tags=dict(tags),
            )


def describe(stale: list[Stale]) -> list[str]:
    """A line for each distinct set of reasons: the assets, then the reasons."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for found in stale:
        lines.setdefault(found.reasons, []).append(found.asset)
    return [f"{', '.join(assets)}: {'; '.join(reasons)}" for reasons, assets in lines.items()]


def _is_check(op: str, keys: list[dg.AssetKey]) -> bool:
    """Whether an op is a check of one of these assets: `rated_texts_failed_share`."""
    return any(op.startswith(f"{key.to_user_string()}_") for key in keys)

"""Which assets are out of date and why, as Dagster's own records tell, and the rerun of just those.

An asset is out of date if it was never materialised, if what decides its rows (its code version) is not what it was
made with, or if the rows it was made from are not those that are there now. The UI shows the same as *Unsynced*.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

_CODE = "dagster/code_version"
_DATA = "dagster/data_version"
_INPUT = "dagster/input_data_version/"
# What Dagster writes for an input that nobody has observed yet.
_NEVER = ("INITIAL", "__unknown__", None)


@dataclass(frozen=True, slots=True)
class Stale:
    """One asset that is out of date.

    Attributes:
        asset: Its name.
        op: What computes it, with whatever it computes together with it.
        reasons: One clause each.
    """

    asset: str
    op: str
    reasons: tuple[str, ...]


class Freshness:
    """What Dagster's records of one home say about the assets of a code location.

    Args:
        repository: The assets.
        instance: The records.
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
        """Asset keys by distance from the sources; those of one level can be materialised together."""
        graph = self._repository.asset_graph
        return [sorted(key for key in level if key in self._op_of) for level in graph.toposorted_asset_keys_by_level]

    def stale(self) -> list[Stale]:
        """Every asset that is out of date by itself, in the order of the graph."""
        return self._among([key for level in self.levels for key in level])

    def _among(self, keys: list[dg.AssetKey]) -> list[Stale]:
        tags = self._tags()
        return [found for key in keys if (found := self._judge(key, tags))]

    def after(self, stale: list[Stale]) -> list[str]:
        """What lies behind these assets and will be looked at again once they are made."""
        graph = self._repository.asset_graph
        reached = {dg.AssetKey(found.asset) for found in stale}
        behind = [key for level in self.levels for key in level if graph.get_ancestor_asset_keys(key) & reached - {key}]
        return [key.to_user_string() for key in behind if key not in reached]

    def _judge(self, key: dg.AssetKey, tags: Mapping[dg.AssetKey, Mapping[str, str] | None]) -> Stale | None:
        mine, asset = tags[key], self._ops[self._op_of[key]]
        reasons = []
        if mine is None:
            reasons.append("never materialised")
        else:
            if asset.code_versions_by_key.get(key) != mine.get(_CODE):
                reasons.append("its prompts, settings, SQL or code changed")
            for parent in sorted(asset.asset_deps[key]):
                now = tags[parent] if parent in tags else self._observed(parent)
                then = mine.get(_INPUT + parent.to_user_string())
                if now is not None and then not in (now.get(_DATA), *(_NEVER if parent not in tags else ())):
                    reasons.append(f"{parent.to_user_string()} changed")
        return Stale(key.to_user_string(), self._op_of[key], tuple(reasons)) if reasons else None

    def _tags(self) -> dict[dg.AssetKey, Mapping[str, str] | None]:
        """What each asset was last made with; one query for all, since one for each took a second."""
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
        """Materialise what is out of date, a level of the graph at a time; each is given out before it is made.

        Where a level's rows come out as they were, what lies behind it is left alone.
        """
        job = self._repository.get_job("everything")
        for level in self.levels:
            here = self._among(level)
            if not here:
                continue
            ops = {found.op for found in here}
            keys = [
                key
                for op in sorted(ops)
                for key in sorted(self._ops[op].keys)
                # Assets of one op that can be made apart are; the others come together.
                if not self._ops[op].can_subset or key.to_user_string() in {found.asset for found in here}
            ]
            yield here
            wanted = {op: config for op, config in run_config.get("ops", {}).items() if op in ops or _checks(op, keys)}
            job.execute_in_process(
                instance=self._instance,
                run_config={**run_config, "ops": wanted},
                asset_selection=keys,
                tags=dict(tags),
            )


def told(stale: list[Stale]) -> list[str]:
    """Assets and why, those with the same reasons on one line."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for found in stale:
        lines.setdefault(found.reasons, []).append(found.asset)
    return [f"{', '.join(assets)}: {'; '.join(reasons)}" for reasons, assets in lines.items()]


def _checks(op: str, keys: list[dg.AssetKey]) -> bool:
    """Whether an op is a check of one of these assets: `rated_texts_failed_share`."""
    return any(op.startswith(f"{key.to_user_string()}_") for key in keys)

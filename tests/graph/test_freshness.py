"""What is out of date, and that refreshing redoes that and nothing else."""

from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from featdisc_assets.graph.freshness import Freshness, Stale, describe


class Plant:
    """Three assets in a row and one beside them, whose rows and code the test decides."""

    def __init__(self) -> None:
        self.rows = {"a": "a1", "b": "b1", "c": "c1", "d": "d1"}
        self.code = dict.fromkeys(self.rows, "1")
        self.made: list[str] = []

    def repository(self) -> dg.RepositoryDefinition:
        def asset(name: str, *deps: str) -> dg.AssetsDefinition:
            @dg.asset(name=name, deps=list(deps), code_version=self.code[name])
            def made() -> dg.MaterializeResult:  # type: ignore[type-arg]
                self.made.append(name)
                return dg.MaterializeResult(data_version=dg.DataVersion(self.rows[name]))

            return made

        assets = [asset("a", "files"), asset("b", "a"), asset("c", "b"), asset("d", "a")]
        jobs = [dg.define_asset_job("everything", dg.AssetSelection.all())]
        definitions = dg.Definitions(
            assets=[dg.AssetSpec("files"), *assets], jobs=jobs, executor=dg.in_process_executor
        )
        return definitions.get_repository_def()


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


Refresh = Callable[[], list[str]]


@pytest.fixture
def refresh(plant: Plant, instance: dg.DagsterInstance) -> Refresh:
    def go() -> list[str]:
        plant.made.clear()
        for _ in Freshness(plant.repository(), instance).refresh({}, {"why": "test"}):
            pass
        return plant.made

    return go


def stale(plant: Plant, instance: dg.DagsterInstance) -> dict[str, tuple[str, ...]]:
    return {found.asset: found.reasons for found in Freshness(plant.repository(), instance).stale()}


def observe(instance: dg.DagsterInstance, version: str) -> None:
    instance.report_runless_asset_event(dg.AssetObservation("files", tags={"dagster/data_version": version}))


def test_what_was_never_made_is_made_in_order(plant: Plant, instance: dg.DagsterInstance, refresh: Refresh) -> None:
    assert set(stale(plant, instance)) == {"a", "b", "c", "d"}
    assert refresh() == ["a", "b", "d", "c"]
    assert stale(plant, instance) == {}
    assert refresh() == []


def test_changed_code_redoes_its_asset_and_stops_where_rows_are_as_they_were(
    plant: Plant, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    plant.code["b"] = "2"
    assert stale(plant, instance) == {"b": ("its prompts, settings, SQL or code changed",)}
    assert Freshness(plant.repository(), instance).downstream([Stale("b", "b", ())]) == ["c"]
    assert refresh() == ["b"]
    plant.code["b"], plant.rows["b"] = "3", "b2"
    assert refresh() == ["b", "c"]
    assert stale(plant, instance) == {}


def test_changed_rows_of_a_parent_show_before_anything_is_rerun(
    plant: Plant, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    plant.rows["a"] = "a2"
    job = plant.repository().get_job("everything")
    job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("a")])
    assert stale(plant, instance) == {"b": ("a changed",), "d": ("a changed",)}
    assert refresh() == ["b", "d"]


def test_files_that_changed_show_once_they_were_observed_before(
    plant: Plant, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    # The first observation is no change.
    observe(instance, "one file")
    assert stale(plant, instance) == {}
    plant.code["a"] = "2"
    refresh()
    observe(instance, "two files")
    assert stale(plant, instance) == {"a": ("files changed",)}
    assert refresh() == ["a"]
    assert stale(plant, instance) == {}


def test_a_level_that_fails_leaves_the_rest_out_of_date(
    plant: Plant, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    plant.code["b"] = plant.code["d"] = "2"
    rows = plant.rows.pop("b")
    with pytest.raises(KeyError):
        refresh()
    assert "b" in stale(plant, instance)
    plant.rows["b"] = rows
    assert "b" in refresh()
    assert stale(plant, instance) == {}


def test_assets_with_the_same_reasons_share_a_line() -> None:
    found = [Stale("x", "x", ("a changed",)), Stale("y", "y", ("a changed",)), Stale("z", "z", ("never materialised",))]
    assert describe(found) == ["x, y: a changed", "z: never materialised"]

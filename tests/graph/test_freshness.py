"""What is out of date, and that a refresh reruns only that."""

from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from featdisc_assets.graph.freshness import Freshness, Stale, describe


class Graph:
    """Three assets in a chain and one branch; tests set their rows and code versions."""

    def __init__(self) -> None:
        self.rows = {"a": "a1", "b": "b1", "c": "c1", "d": "d1"}
        self.code = dict.fromkeys(self.rows, "1")
        self.made: list[str] = []

    def repository(self) -> dg.RepositoryDefinition:
        def asset(name: str, *deps: str) -> dg.AssetsDefinition:
            @dg.asset(name=name, deps=list(deps), code_version=self.code[name])
            def materialize() -> dg.MaterializeResult:  # type: ignore[type-arg]
                self.made.append(name)
                return dg.MaterializeResult(data_version=dg.DataVersion(self.rows[name]))

            return materialize

        assets = [asset("a", "files"), asset("b", "a"), asset("c", "b"), asset("d", "a")]
        jobs = [dg.define_asset_job("everything", dg.AssetSelection.all())]
        definitions = dg.Definitions(
            assets=[dg.AssetSpec("files"), *assets], jobs=jobs, executor=dg.in_process_executor
        )
        return definitions.get_repository_def()


@pytest.fixture
def graph() -> Graph:
    return Graph()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


Refresh = Callable[[], list[str]]


@pytest.fixture
def refresh(graph: Graph, instance: dg.DagsterInstance) -> Refresh:
    def go() -> list[str]:
        graph.made.clear()
        for _ in Freshness(graph.repository(), instance).refresh({}, {"why": "test"}):
            pass
        return graph.made

    return go


def stale(graph: Graph, instance: dg.DagsterInstance) -> dict[str, tuple[str, ...]]:
    return {found.asset: found.reasons for found in Freshness(graph.repository(), instance).stale()}


def observe(instance: dg.DagsterInstance, version: str) -> None:
    instance.report_runless_asset_event(dg.AssetObservation("files", tags={"dagster/data_version": version}))


def test_missing_assets_are_materialised_in_order(graph: Graph, instance: dg.DagsterInstance, refresh: Refresh) -> None:
    assert set(stale(graph, instance)) == {"a", "b", "c", "d"}
    assert refresh() == ["a", "b", "d", "c"]
    assert stale(graph, instance) == {}
    assert refresh() == []


def test_changed_code_reruns_its_asset_and_stops_if_rows_are_equal(
    graph: Graph, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    graph.code["b"] = "2"
    assert stale(graph, instance) == {"b": ("its prompts, settings, SQL or code changed",)}
    assert Freshness(graph.repository(), instance).downstream([Stale("b", "b", ())]) == ["c"]
    assert refresh() == ["b"]
    graph.code["b"], graph.rows["b"] = "3", "b2"
    assert refresh() == ["b", "c"]
    assert stale(graph, instance) == {}


def test_changed_rows_of_a_parent_show_before_anything_is_rerun(
    graph: Graph, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    graph.rows["a"] = "a2"
    job = graph.repository().get_job("everything")
    job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("a")])
    assert stale(graph, instance) == {"b": ("a changed",), "d": ("a changed",)}
    assert refresh() == ["b", "d"]


def test_changed_files_show_after_a_first_observation(
    graph: Graph, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    # The first observation is no change.
    observe(instance, "one file")
    assert stale(graph, instance) == {}
    graph.code["a"] = "2"
    refresh()
    observe(instance, "two files")
    assert stale(graph, instance) == {"a": ("files changed",)}
    assert refresh() == ["a"]
    assert stale(graph, instance) == {}


def test_a_level_that_fails_leaves_the_rest_out_of_date(
    graph: Graph, instance: dg.DagsterInstance, refresh: Refresh
) -> None:
    refresh()
    graph.code["b"] = graph.code["d"] = "2"
    rows = graph.rows.pop("b")
    with pytest.raises(KeyError):
        refresh()
    assert "b" in stale(graph, instance)
    graph.rows["b"] = rows
    assert "b" in refresh()
    assert stale(graph, instance) == {}


def test_assets_with_the_same_reasons_share_a_line() -> None:
    found = [Stale("x", "x", ("a changed",)), Stale("y", "y", ("a changed",)), Stale("z", "z", ("never materialised",))]
    assert describe(found) == ["x, y: a changed", "z: never materialised"]

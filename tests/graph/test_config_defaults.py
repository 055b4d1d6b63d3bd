"""A home's settings and prompts are applied when definitions are built, and nowhere else."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from featdisc_assets import definitions
from featdisc_assets.assets.clustering import ClusterConfig
from featdisc_assets.assets.clustering import clusters as clusters_asset
from featdisc_assets.assets.source_files import observe_home
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.graph.config_defaults import check_settings, config_classes, with_settings
from featdisc_assets.home.places import Home
from featdisc_assets.home.settings import Settings


def versions(home: Home, settings: Settings) -> dict[str, str | None]:
    graph = definitions.build(home, settings).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).code_version for key in graph.get_all_asset_keys()}


def changed(home: Home, settings: Settings, before: dict[str, str | None]) -> set[str]:
    return {name for name, version in versions(home, settings).items() if version != before[name]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_settings_are_the_defaults_of_the_launchpad(home: Home) -> None:
    given: Settings = {"clusters": {"seed": 7}, "rated_texts_failed_share": {"max_failed_share": 0.5}}
    job = definitions.build(home, given).resolve_job_def("everything")

    def default(op: str, name: str) -> Any:  # noqa: ANN401
        schema: Any = job.graph.node_dict[op].definition
        return schema.config_field.config_type.fields[name].default_value

    assert default("clusters", "seed") == 7
    assert default("clusters", "method") == ClusterConfig().method
    assert default("rated_texts_failed_share", "max_failed_share") == 0.5
    # The imported classes and assets are unchanged.
    assert ClusterConfig().seed == 0
    assert definitions.build(home, {}).resolve_job_def("everything") is not job


def test_only_settings_that_decide_rows_count_in_the_code_version(home: Home) -> None:
    before = versions(home, {})
    assert changed(home, {"clusters": {"seed": ClusterConfig().seed}}, before) == set()
    assert changed(home, {"features": {"max_concurrency": 2}}, before) == set()
    found = changed(home, {"clusters": {"seed": 7}}, before)
    assert found == {"clusters", "cluster_members", "cluster_lineage"}


def test_a_prompt_of_the_home_counts_in_the_code_version_of_its_asset(home: Home) -> None:
    before = versions(home, {})
    (home.prompts / "name").mkdir(parents=True)
    (home.prompts / "name" / "cluster.md").write_text("Name these: ${features}", encoding="utf-8")
    assert changed(home, {}, before) == {"cluster_names"}


def test_a_run_without_config_uses_the_settings(home: Home) -> None:
    seen = []

    @dg.asset
    def probe(config: ClusterConfig) -> None:
        seen.append(config.seed)

    asset = with_settings(probe, {"probe": {"seed": 7}}, home)
    assert dg.materialize([asset]).success
    assert dg.materialize([asset], run_config={"ops": {"probe": {"config": {"seed": 0}}}}).success
    assert seen == [7, 0]


def test_a_setting_that_does_not_exist_is_one_sentence() -> None:
    configs = config_classes([clusters_asset])
    with pytest.raises(FeatdiscError, match=r"No asset named 'cluster' takes settings; those that do are clusters\."):
        check_settings({"cluster": {}}, configs)
    with pytest.raises(FeatdiscError, match="clusters has no setting 'sed'"):
        check_settings({"clusters": {"sed": 1}}, configs)


def test_source_files_are_those_of_the_settings(home: Home) -> None:
    source = home.path / "chats.jsonl"
    source.write_text("{}", encoding="utf-8")
    home.settings.write_text(f"transcripts: {{source: ['{source}']}}", encoding="utf-8")
    assert observe_home(home).metadata["paths"].value == [str(source)]


def test_importing_the_assets_reads_no_settings(home: Home) -> None:
    home.settings.write_text("clusters: {no_such_setting: 1}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import featdisc_assets.definitions"],
        env={"FEATDISC_HOME": str(home.path), "PYTHONPATH": str(Path(definitions.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

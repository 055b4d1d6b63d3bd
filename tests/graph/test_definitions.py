"""What Dagster loads: the graph, its groups and descriptions, and a config for every setting."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from featdisc_assets.definitions import assets, build
from featdisc_assets.home.places import Home
from featdisc_assets.warehouse.marts import marts

defs = build(Home.find())
ROOT = Path(__file__).parents[2]
EXPECTED = {
    "transcripts", "turns", "dropped_text", "given_features", "quarantine", "pieces", "near_equal_texts", "rating_plan",
    "rated_texts", "text_features", "vocabulary",
    "features", "ratings", "embeddings", "clusters", "cluster_members", "cluster_lineage",
    "cluster_parents", "parents", "cluster_names", "parent_names", "cluster_interest",
    "cooccurrence", "group_contrasts", "group_balance", "text_languages", "drift",
    "probes", "feature_hygiene", "cluster_audit", "report", "published", "source_files",
    "interest_scores", "interest_agreement", "feature_flags", "mention_flags", "cluster_hygiene",
    "swallowed_themes", "cluster_stability", "cluster_profile",
    "label_fidelity", "evidence", "verification", "codebook",
}  # fmt: skip


def test_every_table_and_every_view_is_an_asset() -> None:
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert keys == EXPECTED | {mart.name for mart in marts()}


def test_every_asset_has_a_group_a_kind_and_a_description() -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name != "default", key
        assert node.kinds, key
        assert len(node.description or "") > 20, key


def test_only_source_files_have_no_parents() -> None:
    """Every asset except the source files has a parent."""
    graph = defs.resolve_asset_graph()
    roots = {key.to_user_string() for key in graph.get_all_asset_keys() if not graph.get(key).parent_keys}
    assert roots == {"source_files"}


def test_every_asset_has_a_code_version() -> None:
    for definition in assets:
        for key, version in definition.code_versions_by_key.items():
            assert version, f"{key.to_user_string()} has no code_version: it would never show as out of date"


def test_every_setting_has_a_description_to_act_on() -> None:
    for definition in assets:
        schema = definition.op.config_schema.config_type
        for name, field in getattr(schema, "fields", {}).items():
            assert field.description, f"{definition.op.name}.{name}"
            assert not field.is_required, f"{definition.op.name}.{name} has no default"


def test_the_rating_mode_is_an_enum_in_the_ui() -> None:
    [plan] = [definition for definition in assets if definition.op.name == "rating_plan"]
    schema = plan.op.config_schema.config_type
    assert schema is not None
    mode = schema.fields["mode"].config_type  # type: ignore[attr-defined]
    assert {value.config_value for value in mode.inner_type.enum_values} == {"live", "batch"}


def test_every_check_belongs_to_an_asset() -> None:
    keys = defs.resolve_asset_graph().get_all_asset_keys()
    found = list(defs.asset_checks or [])
    assert len(found) >= 6
    for check in found:
        assert isinstance(check, dg.AssetChecksDefinition)
        assert all(key.asset_key in keys for key in check.check_keys)


@pytest.mark.parametrize("job", ["everything", "rate_only", "refit_clusters", "rename", "show", "refresh"])
def test_every_job_can_be_started(job: str) -> None:
    assert defs.resolve_job_def(job).description


def test_rename_renames_themes_and_refit_clusters_rebuilds_them() -> None:
    made = {
        job: {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.executable_asset_keys}
        for job in ("rename", "refit_clusters")
    }
    assert {"parent_names", "cluster_tree", "report"} <= made["rename"]
    assert not {"clusters", "cluster_parents"} & made["rename"]
    assert {"clusters", "cluster_parents", "parents", "parent_names"} <= made["refit_clusters"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        [str(Path(sys.executable).with_name("dg")), "check", "defs"],
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"],
    ],
    ids=["dg", "dagster"],
)
def test_dagsters_commands_load_the_definitions(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

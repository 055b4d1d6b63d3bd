"""The audit's tables, checks and report, on a warehouse with a swallowed theme and two near-duplicate clusters."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from featdisc_assets import encoders
from featdisc_assets.assets.report import collect
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.report import rendering as reporting
from featdisc_assets.warehouse import Warehouse, vector_array
from tests.homes import materialise
from tests.planted_features import cluster_by_hand, plant

# Bags of two unlike things each, into which six limericks went; pairs of words so that no word stands in many of them.
MIXED = (
    ("cheese cake", "tomato soup", "baked salmon", "roast pork", "divorce papers", "custody hearing", "alimony sums"),
    ("diesel engines", "gear boxes", "brake pads", "truck tyres", "opera singers", "violin strings", "jazz trumpets"),
    ("glacier melt", "volcano ash", "coral reefs", "sand dunes", "stock prices", "bond yields", "payroll taxes"),
)
LIMERICKS = [f"Wants a limerick{tail}" for tail in ("", " now", " today", " soon", " again", " please")]
TIGHT = ("speaks German", "counts its tokens", "refuses to hack", "adds emoji", "suspects a test", "repeats itself")
TWINS = (
    ["Says sorry for delays", "Sorry for delays", "Apologizes for delays", "Apologizes for the delays"],
    ["Says sorry for a delay", "Sorry for a delay", "Apologizes for a delay", "Apologizes for one delay"],
)
GROUPS = {
    **{
        f"user-mixed-{i + 1}": [*(f"Mentions {topic}" for topic in topics), *LIMERICKS[2 * i : 2 * i + 2]]
        for i, topics in enumerate(MIXED)
    },
    **{
        f"user-tight-{i}": [f"{how}{what}" for how in ("", "Often ", "Always ", "Never ")]
        for i, what in enumerate(TIGHT)
    },
    "user-sorry-1": TWINS[0],
    "user-sorry-2": TWINS[1],
}


@pytest.fixture
def db(tmp_path: Path) -> Warehouse:
    """Given clusters, with real vectors and the settings of a fit."""
    texts = [text for group in GROUPS.values() for text in group]
    db = plant(Home(tmp_path), [[text, texts[(i + 1) % len(texts)]] for i, text in enumerate(texts)])
    cluster_by_hand(db, GROUPS)
    rows = db.rows("select feature_id, text from vocabulary order by feature_id")
    model = encoders.load(encoders.BUNDLED, backend="auto", precision="auto")
    vectors = model.encode([row["text"] for row in rows])
    db.append("embeddings", pa.table({
        "feature_id": [row["feature_id"] for row in rows],
        "encoder": [model.identity] * len(rows),
        "vector": vector_array(vectors),
    }))  # fmt: skip
    db.run(
        f"insert into encoders (encoder, dimension, is_current) values ('{model.identity}', {vectors.shape[1]}, true)"
    )
    db.run(
        "insert into cluster_fits values ('user', 'two_level', '"
        '{"keep_senses_apart": true, "method": "auto", "min_similarity": 0.1, "remove_components": 5, "seed": 0,'
        ' "target_features_per_cluster": 0}'
        f"', '{model.identity}', 'from nothing', {len(rows)}, 11, [], [])"
    )
    return db


def audited(db: Warehouse, **settings: Any) -> dg.ExecuteInProcessResult:  # noqa: ANN401
    return materialise(Home(db.path.parent), ["cluster_audit"], cluster_audit=settings)


def test_a_swallowed_theme_duplicates_and_sizes_are_in_the_tables(db: Warehouse) -> None:
    audited(db)
    [theme] = db.rows("from swallowed_themes")
    assert theme["phrase"] == "limerick"
    assert [theme[name] for name in ("n_features", "n_clusters", "n_transcripts", "n_groups")] == [6, 3, 9, 9]
    assert theme["minority_share"] == 1
    assert sorted(theme["cluster_ids"]) == ["user-mixed-1", "user-mixed-2", "user-mixed-3"]
    assert len(theme["examples"]) == 3
    assert set(theme["examples"]) <= set(LIMERICKS)
    twins = {row["cluster_id"]: row for row in db.rows("from cluster_audit where is_near_duplicate")}
    assert set(twins) == {"user-sorry-1", "user-sorry-2"}
    assert twins["user-sorry-1"]["nearest_cluster_id"] == "user-sorry-2"
    assert twins["user-sorry-1"]["shares_terms"]
    assert "sorry" in twins["user-sorry-1"]["shared_terms"]
    [bland] = db.rows("from cluster_audit where cluster_id = 'user-mixed-1'")
    assert twins["user-sorry-1"]["lexical_coherence"] > bland["lexical_coherence"]
    [profile] = db.rows("from cluster_profile")
    expected = {
        "kind": "user", "n_clusters": 11, "n_features": 59, "n_unassigned": 0, "n_singletons": 0, "size_smallest": 4,
        "size_median": 4.0, "size_largest": 9, "n_near_duplicates": 2, "n_swallowed": 1, "n_features_swallowed": 6,
        "n_transcripts": 59,
    }  # fmt: skip
    assert {name: profile[name] for name in expected} == expected
    assert db.scalar("select count(*) from cluster_stability") == 2
    assert db.scalar("select max(stability) <= 1 and min(stability) >= 0 from cluster_audit")


def test_two_runs_give_the_same_tables_and_no_repeat_gives_no_stability(db: Warehouse) -> None:
    names = ("cluster_audit", "swallowed_themes", "cluster_stability", "cluster_profile")
    audited(db)
    first = [db.rows(f"from {name}") for name in names]
    audited(db)
    assert [db.rows(f"from {name}") for name in names] == first
    audited(db, stability_repeats=0)
    assert db.scalar("select count(*) from cluster_stability") == 0
    assert db.scalar("select count(stability) from cluster_audit") == 0


def test_the_checks_say_what_is_wrong_and_what_to_do(db: Warehouse) -> None:
    checks = {one.check_name: one for one in audited(db).get_asset_check_evaluations()}
    assert set(checks) == {"near_duplicate_share", "swallowed_share", "clusters_are_stable"}
    twins, swallowed = checks["near_duplicate_share"], checks["swallowed_share"]
    assert not twins.passed
    assert twins.severity == dg.AssetCheckSeverity.WARN
    assert "2 of 11 user clusters (18.2%) are near-duplicates of another, above 15.0%" in str(twins.description)
    assert not swallowed.passed
    assert "'limerick' alone is in 9 transcripts" in str(swallowed.description)
    assert checks["clusters_are_stable"].metadata
    db.run("update cluster_profile set median_stability = 0.2")
    assert [row["kind"] for row in db.rows(read_sql("checks/clusters_are_stable"))] == ["user"]


def test_the_report_lists_swallowed_themes(db: Warehouse) -> None:
    audited(db)
    page = reporting.render(collect(db), title="x")
    assert '<bdi class="label">limerick</bdi>' in page
    db.run(
        "insert into cluster_names (cluster_id, label, description, sampled_feature_ids, neighbour_ids, status, model,"
        " prompt_version, request_key) values ('user-mixed-2', 'A Limerick', '', [], [], 'ok', 'm', 'v', 'r')"
    )
    assert collect(db).swallowed.rows == [], "a label has the word"
    db.run("truncate cluster_names")
    db.run("update swallowed_themes set n_groups = 2")
    assert collect(db).swallowed.rows == [], "two users alone say it"


def test_without_clusters_the_tables_are_empty(tmp_path: Path) -> None:
    db = plant(Home(tmp_path), [["One feature"]])
    audited(db)
    assert db.scalar("select count(*) from cluster_profile") == 0
    assert db.scalar("select count(*) from cluster_audit") == 0

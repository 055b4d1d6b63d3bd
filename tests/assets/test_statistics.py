"""Contrasts, pairs, drift and probes through the assets, on small warehouses whose counts one can check by hand."""

import datetime as dt
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable, mcnemar

from benchmarks import chance
from featdisc_assets.assets.cooccurrence import pairs_of
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.warehouse import Warehouse
from tests.homes import materialise, prepared, warehouse

ANALYSES = ["text_languages", "marts", "cooccurrence", "group_contrasts", "drift", "probes"]
KINDS = ("user", "thought", "response")


def chat(name: str, *shown: str, kinds: Iterable[str] = KINDS, **columns: Any) -> dict[str, Any]:  # noqa: ANN401
    """A transcript that shows some clusters, named kind-number, and has pieces of some kinds."""
    return {"transcript_id": name, "shown": shown, "kinds": tuple(kinds), **columns}


def home_of(folder: Path, chats: list[dict[str, Any]], clusters: Iterable[str]) -> Home:
    """A home as it is after clustering: each cluster has one feature, of its own name."""
    home = Home(folder)
    db = prepared(home)
    names = list(clusters)
    pieces = [(one, kind) for one in chats for kind in one["kinds"]]
    centres = np.eye(max(len(names), 2), dtype=np.float32)
    rows: dict[str, list[dict[str, Any]]] = {
        "transcripts": [
            {"source": "s", "model": None, "group_key": None, "created_at": None, "metadata": None}
            | {name: value for name, value in one.items() if name not in ("shown", "kinds", "text")}
            | {"content_hash": one["transcript_id"], "n_turns": 1}
            for one in chats
        ],
        "pieces": [
            {"piece_id": f"{one['transcript_id']}/{kind}", "transcript_id": one["transcript_id"], "kind": kind}
            | {"turn_index": 0, "text": one.get("text", "Hello"), "text_hash": f"{one['transcript_id']}/{kind}"}
            | {"n_chars": len(one.get("text", "Hello")), "is_truncated": False}
            for one, kind in pieces
        ],
        "rated_texts": [
            {"kind": kind, "text_hash": f"{one['transcript_id']}/{kind}", "request_key": "k", "model": "m"}
            | {"prompt_version": "p", "status": "ok", "n_features": 1}
            for one, kind in pieces
        ],
        "features": [
            {"piece_id": f"{one['transcript_id']}/{name.partition('-')[0]}", "feature_id": name, "position": 0}
            for one in chats
            for name in one["shown"]
        ],
        "cluster_members": [
            {"feature_id": name, "kind": name.partition("-")[0], "cluster_id": name, "similarity": 1.0}
            for name in names
        ],
        "clusters": [
            {"cluster_id": name, "kind": name.partition("-")[0], "n_features": 1, "coherence": 1.0}
            | {"n_pieces": sum(name in one["shown"] for one in chats), "centroid": centres[i].tolist()}
            | {"n_transcripts": sum(name in one["shown"] for one in chats)}
            for i, name in enumerate(names)
        ],
    }
    db.replace({table: pa.Table.from_pylist(data, schema=db.schema(table)) for table, data in rows.items() if data})
    return home


def analysed(
    folder: Path, chats: list[dict[str, Any]], clusters: Iterable[str], **settings: dict[str, Any]
) -> Warehouse:
    home = home_of(folder, chats, clusters)
    done = materialise(home, ANALYSES, **settings)
    assert done.success
    failed = [check.check_name for check in done.get_asset_check_evaluations() if not check.passed]
    assert failed == []
    return warehouse(home)


def numbers(db: Warehouse, table: str) -> list[dict[str, Any]]:
    """Rows of a table, none of whose numbers is NaN."""
    rows = db.rows(f"from {table}")
    for row in rows:
        assert not [name for name, value in row.items() if isinstance(value, float) and math.isnan(value)], row
    return rows


def test_models_that_answer_the_same_questions_are_compared_question_by_question(tmp_path: Path) -> None:
    """Sixty questions, two models: 14 of them only one flatters, 3 only the other, 20 both."""
    chats = []
    for i in range(60):
        for model in ("one", "two"):
            shows = i < 20 or (model == "one" and i < 34) or (model == "two" and 34 <= i < 37)
            chats.append(
                chat(
                    f"{i}{model}", *(["response-1"] if shows else []), model=model, group_key=f"q{i}", kinds=KINDS[::2]
                )
            )
    db = analysed(tmp_path, chats, ["response-1"])
    row = db.rows("from group_contrasts where grouped_by = 'model' and group_value = 'one'")[0]
    assert row["design"] == "paired"
    assert row["n_strata"] == 17
    assert (row["k_in"], row["n_in"], row["k_out"], row["n_out"]) == (34, 60, 23, 60)
    assert row["p_value"] == pytest.approx(mcnemar([[20, 14], [3, 23]], exact=True).pvalue)
    # Paired transcripts give more evidence than independent ones.
    assert row["difference_low"] > 0
    assert row["design_effect"] < 1


def test_transcripts_of_one_user_do_not_count_as_many(tmp_path: Path) -> None:
    """Eight users of each model, ten chats each; a user shows it in all chats or none."""
    habits = {"one": 6, "two": 2}
    chats = [
        chat(f"{model}{u}c{i}", *(["response-1"] if u < habit else []), model=model, group_key=f"{model}{u}")
        for model, habit in habits.items()
        for u in range(8)
        for i in range(10)
    ]
    db = analysed(tmp_path, chats, ["response-1"])
    row = db.rows("from group_contrasts where group_value = 'one' and kind = 'response'")[0]
    assert row["design"] == "clustered"
    assert row["design_effect"] == pytest.approx(10, rel=0.15)
    # Sixteen users, not 160 chats: Fisher's exact test of 6 of 8 against 2 of 8.
    assert row["p_value"] == pytest.approx(0.132, abs=0.02)


@pytest.mark.parametrize(
    ("design", "repeats"), [("independent", 1), ("clustered", 1), ("stratified", 1), ("paired", 1), ("paired", 2)]
)
def test_simulations_count_as_the_query_does(design: str, repeats: int, tmp_path: Path) -> None:
    """The families of `benchmarks/chance` go by the code of the asset, but count without its SQL."""
    random = np.random.default_rng(6)
    n = 48 * repeats
    unit = {"independent": np.arange(n), "paired": np.arange(n) // (2 * repeats)}.get(design, np.arange(n) // 3)
    side = np.arange(n) % 2 if design == "paired" else random.integers(0, 3, 48)[unit % 48]
    stratum = unit % 4 if design == "stratified" else None
    made = chance.Corpus(unit, side, stratum)
    flags = chance.draw_flags(made, random, clusters=4, group_sd=2.0)
    names = [f"response-{i:02}" for i in range(4)]
    chats = [
        chat(
            f"c{i:03}", *(name for name, shown in zip(names, row, strict=True) if shown), kinds=["response"],
            model=f"model-{side[i]}", group_key=f"g{unit[i]}", source="s" if stratum is None else f"s{stratum[i]}",
        )
        for i, row in enumerate(flags)
    ]  # fmt: skip
    asked = [{"grouped_by": "model", "group_value": f"model-{i}", "versus": None} for i in range(side.max() + 1)]
    counts = warehouse(home_of(tmp_path, chats, names)).read(
        read_sql("read/group_contrasts"),
        variables={"comparisons": asked, "stratify_by": "source" if design == "stratified" else None},
    )
    expected = chance.contrast_counts(flags, made)
    assert set(expected["design"].to_pylist()) == {design}
    assert set(expected.column_names) == set(counts.column_names) - {"versus"}
    for row, other in zip(counts.select(expected.column_names).to_pylist(), expected.to_pylist(), strict=True):
        assert row == {name: pytest.approx(value) for name, value in other.items()}


def test_simulated_pairs_are_tested_as_those_of_the_asset(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    made = chance.Corpus(np.arange(60) // 3, np.zeros(60, np.int64))
    left, right = (chance.draw_flags(made, random, clusters=2, group_sd=1.5) for _ in range(2))
    chats = [
        chat(
            f"c{i:02}", *(f"user-{j}" for j in np.flatnonzero(left[i])),
            *(f"response-{j}" for j in np.flatnonzero(right[i])), group_key=f"g{made.unit[i]}",
        )
        for i in range(60)
    ]  # fmt: skip
    db = warehouse(home_of(tmp_path, chats, ["user-0", "user-1", "response-0", "response-1"]))
    ids, centroids = db.matrix("select cluster_id, centroid as vector from clusters order by cluster_id")
    found = pairs_of(db, "user", "response", ids, centroids, min_support=1)
    assert max(found["design_effect"].to_pylist()) > 1.05
    assert found["p_value"].to_pylist() == pytest.approx(chance.pair_family(left, right, made.unit).p_value.tolist())


def test_stratification_removes_the_effect_of_language(tmp_path: Path) -> None:
    texts = {
        "French": "Pouvez-vous me dire où se trouve la gare, s'il vous plaît ?",
        "English": "Where is the station?",
    }
    shows = {
        ("one", "French"): (45, 50),
        ("one", "English"): (1, 10),
        ("two", "French"): (9, 10),
        ("two", "English"): (5, 50),
    }
    chats = [
        chat(
            f"{model}{language}{i}",
            *(["response-1"] if i < k else []),
            model=model,
            text=f"{texts[language]} {'a' * i}",
        )
        for (model, language), (k, n) in shows.items()
        for i in range(n)
    ]
    plain = analysed(tmp_path / "plain", chats, ["response-1"])
    strata = analysed(tmp_path / "strata", chats, ["response-1"], group_contrasts={"stratify_by": "language"})
    question = "from group_contrasts where group_value = 'one' and kind = 'response'"
    assert plain.rows(question)[0]["q_value"] < 1e-6
    row = strata.rows(question)[0]
    assert row["design"] == "stratified"
    assert row["p_value"] > 0.5
    tables = [np.array([[45, 5], [9, 1]]), np.array([[1, 9], [5, 45]])]
    assert row["odds_ratio"] == pytest.approx(StratifiedTable(tables).oddsratio_pooled, abs=0.1)
    warned = plain.rows("select * from group_balance where trait = 'language' and warning is not null")
    assert {row["group_value"] for row in warned} == {"one", "two"}
    assert "stratify_by" in warned[0]["warning"]


def test_pairs_in_copies_of_one_chat_are_not_found(tmp_path: Path) -> None:
    """Four users repeat themselves ten times; without group keys, chance would be significant."""

    def chats(*, keyed: bool) -> list[dict[str, Any]]:
        kinds = [["user-1", "response-1"], ["user-1", "response-1"], [], []]
        return [
            chat(f"u{u}c{i}", *shown, group_key=f"u{u}" if keyed else None)
            for u, shown in enumerate(kinds)
            for i in range(10)
        ]

    with_key = numbers(analysed(tmp_path / "with", chats(keyed=True), ["user-1", "response-1"]), "cooccurrence")
    without = numbers(analysed(tmp_path / "without", chats(keyed=False), ["user-1", "response-1"]), "cooccurrence")
    assert without[0]["q_value"] < 1e-6
    assert without[0]["design_effect"] == 1
    assert with_key[0]["q_value"] > 0.1
    assert with_key[0]["design_effect"] == pytest.approx(10)


def test_drift_between_months_and_between_two_sources(tmp_path: Path) -> None:
    chats = [
        chat(
            f"{month}-{i}", *(["response-1"] if i < k else []), source=f"run{month}.jsonl",
            created_at=dt.datetime(2026, month, 1 + i % 27),
        )
        for month, k in ((1, 10), (2, 12), (3, 40))
        for i in range(60)
    ]  # fmt: skip
    months = analysed(tmp_path / "months", chats, ["response-1"])
    rows = {(row["earlier"], row["later"]): row for row in numbers(months, "drift") if row["kind"] == "response"}
    assert set(rows) == {("2026-01", "2026-02"), ("2026-02", "2026-03")}
    assert rows["2026-01", "2026-02"]["q_value"] > 0.5
    changed = rows["2026-02", "2026-03"]
    assert (changed["k_earlier"], changed["k_later"], changed["n_later"]) == (12, 40, 60)
    assert changed["q_value"] < 1e-5
    runs = {"column": "source", "earlier": "run1.jsonl", "later": "run3.jsonl"}
    sources = analysed(tmp_path / "sources", chats, ["response-1"], drift=runs)
    assert [(row["k_earlier"], row["k_later"]) for row in numbers(sources, "drift")] == [(10, 40)]


def test_drift_from_a_missing_source_lists_the_sources(tmp_path: Path) -> None:
    home = home_of(tmp_path, [chat("a", source="old"), chat("b", source="new")], ["response-1"])
    with pytest.raises(
        Exception, match=r"'older', which no transcript has; set drift\.earlier and drift\.later to two of: new, old"
    ):
        materialise(
            home, ["text_languages", "marts", "drift"], drift={"column": "source", "earlier": "older", "later": "new"}
        )


def test_probes_of_a_planted_rule_through_the_assets(tmp_path: Path) -> None:
    """Response 1 follows user 1 in all but a few chats; response 2 follows thought 1; response 3 follows nothing."""
    random = np.random.default_rng(0)
    chats = []
    for i in range(400):
        user, thought, noise = random.random(3) < 0.3
        follows = user ^ (random.random() < 0.03)
        flags = {"user-1": user, "user-2": noise, "thought-1": thought, "response-1": follows, "response-2": thought}
        flags["response-3"] = random.random() < 0.3
        chats.append(chat(f"c{i}", *(name for name, on in flags.items() if on), group_key=f"g{i // 2}"))
    names = ["user-1", "user-2", "thought-1", "response-1", "response-2", "response-3"]
    db = analysed(tmp_path, chats, names, probes={"inputs": ["user", "user+thought"]})
    worth = {(row["target_cluster_id"], row["inputs"]): row for row in db.rows("from probes_worth_reading")}
    assert set(worth) == {
        ("response-1", "user"), ("response-1", "user+thought"), ("response-2", "user+thought")
    }  # fmt: skip
    assert worth["response-1", "user"]["f1"] > 0.9
    assert worth["response-1", "user"]["predicted_by"][0] == "user-1"
    assert worth["response-2", "user+thought"]["predicted_by"][0] == "thought-1"
    assert len(numbers(db, "probes")) == 7


DEGENERATE: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "nothing at all": ([], []),
    "one transcript": ([chat("a", "user-1", "response-1", model="m")], ["user-1", "response-1"]),
    "no thoughts": (
        [chat(f"c{i}", "user-1", "response-1", kinds=KINDS[::2], model="mn"[i % 2]) for i in range(40)],
        ["user-1", "response-1"],
    ),
    "one group, always shown": (
        [chat(f"c{i}", "user-1", "response-1", model="m", group_key="g") for i in range(40)],
        ["user-1", "response-1"],
    ),
    "never shown": ([chat(f"c{i}", "user-1", model="mn"[i % 2]) for i in range(40)], ["user-1", "response-1"]),
    "each its own model and key": (
        [chat(f"c{i}", *(["user-1", "response-1"][: i % 3]), model=f"m{i}", group_key=f"k{i}") for i in range(40)],
        ["user-1", "response-1"],
    ),
    "half always, half never": (
        [chat(f"c{i}", *(["thought-1"] if i < 20 else []), model="m" if i < 20 else "n") for i in range(40)],
        ["thought-1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DEGENERATE)
def test_untested_clusters_have_a_reason(case: str, tmp_path: Path) -> None:
    chats, clusters = DEGENERATE[case]
    db = analysed(tmp_path, chats, clusters)
    for table in ("cooccurrence", "group_contrasts", "group_balance", "drift", "probes"):
        for row in numbers(db, table):
            if "reason" in row:
                assert (row["q_value"] is None) == (row["reason"] is not None), row


def test_prevalence_by_any_column_agrees_with_the_views_and_shows_its_denominator(sample_db: Warehouse) -> None:
    for column in ("model", "source"):
        differing = sample_db.rows(
            f"(select {column}, * exclude ({column}) from prevalence_by_{column})"
            f" except (select group_value, * exclude (group_value) from prevalence_by('{column}'))"
        )
        assert differing == []
    apps = sample_db.rows(
        "select distinct group_value, n_rated_transcripts from prevalence_by('app') where kind = 'user'"
    )
    assert sum(row["n_rated_transcripts"] for row in apps) == 180
    languages = sample_db.rows("select distinct group_value from prevalence_by('language')")
    assert {"English", "German"} <= {row["group_value"] for row in languages}
    assert sample_db.rows("from prevalence_by('no such column')") == []

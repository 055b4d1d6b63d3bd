"""What the macros answer with, on rows one can count by hand and on the sample."""

from pathlib import Path
from typing import Any

import pytest

from featdisc_assets.warehouse import Warehouse

ROWS = """
insert into transcripts (transcript_id, source, model, content_hash, n_turns)
select 't' || i, 'here', if(i <= 4, 'left', 'right'), 'h', 1 from range(1, 9) r(i);
insert into pieces (piece_id, transcript_id, kind, turn_index, text, text_hash, n_chars, is_truncated)
select 'p' || i || kind, 't' || i, kind, 0, 'words ' || i || ' ' || kind, 'x' || i, 9, false
from range(1, 9) r(i), unnest(['response', 'thought', 'user']) k(kind);
insert into rated_texts (kind, text_hash, request_key, model, prompt_version, status, n_features)
select distinct kind, text_hash, 'r', 'm', 'v', 'ok', 1 from pieces where not (kind = 'user' and text_hash = 'x1');
insert into vocabulary values
    ('f1', 'thought', 'Stuck in a loop', 3, 3), ('f2', 'thought', 'Finds a LOOPHOLE', 2, 2),
    ('f3', 'thought', 'Loop, über-long', 1, 1), ('f4', 'response', 'Answers in a loop', 3, 3),
    ('f5', 'user', '使用中文回答', 1, 1), ('f6', 'user', 'A loop in snake_loop', 1, 1);
insert into features values ('p1thought', 'f1', 0), ('p1thought', 'f2', 1), ('p2thought', 'f1', 0),
    ('p3thought', 'f1', 0), ('p5thought', 'f2', 0), ('p6thought', 'f3', 0), ('p1response', 'f4', 0);
insert into clusters values
    ('thought-aa1', 'thought', 2, 4, 4, 0.9, [1.0, 0.0]), ('thought-ab2', 'thought', 1, 1, 1, 0.9, [0.6, 0.8]),
    ('thought-b', 'thought', 1, 1, 1, 0.9, [0.0, 1.0]), ('thought-bb', 'thought', 1, 1, 1, 0.9, [-1.0, 0.0]);
insert into cluster_members values ('f1', 'thought', 'thought-aa1', 0.8), ('f2', 'thought', 'thought-aa1', 0.9),
    ('f3', 'thought', 'thought-ab2', 1.0), ('f4', 'response', null, null);
insert into cluster_names (cluster_id, label, description, sampled_feature_ids, neighbour_ids, status, model,
    prompt_version, request_key)
values ('thought-aa1', 'Loops', 'Of loops.', [], [], 'ok', 'm', 'v', 'r'),
    ('thought-ab2', 'Long', 'Of length.', [], [], 'ok', 'm', 'v', 'r');
"""


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("macros") / "warehouse.duckdb")
    warehouse.prepare()
    warehouse.run(ROWS)
    return warehouse


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("loop", ["f4", "f1", "f3", "f6"]),
        ("LOOP stuck", ["f1"]),
        ("in  a, loop!", ["f4", "f1", "f6"]),
        ("loop loop", ["f4", "f1", "f3", "f6"]),
        ("loo", []),
        ("über", ["f3"]),
        ("ber", []),
        ("中文", ["f5"]),
        ("snake_loop", ["f6"]),
        ("loop; drop table pieces", []),
        ("%", []),
        ("", []),
    ],
)
def test_features_are_found_by_whole_words_the_most_common_first(words: str, found: list[str], db: Warehouse) -> None:
    rows = db.rows(f"select feature_id, cluster_label from search_features('{words}')")
    assert [row["feature_id"] for row in rows] == found
    assert {row["cluster_label"] for row in rows if row["feature_id"] == "f1"} <= {"Loops"}


def test_a_feature_of_no_cluster_is_found_too(db: Warehouse) -> None:
    [row] = db.rows("from search_features('answers')")
    assert row == {
        "kind": "response",
        "text": "Answers in a loop",
        "n_transcripts": 3,
        "n_pieces": 3,
        "cluster_label": None,
        "cluster_id": None,
        "feature_id": "f4",
    }


EXPLAINED: list[tuple[Any, ...]] = [
    ("label", "Loops", 4, 0.5, "thought-aa1"),
    ("sentence", "Of loops.", None, None, None),
    ("size", "2 distinct features in 4 pieces, 4 of 8 transcripts rated in kind thought", None, None, None),
    ("feature", "Stuck in a loop", 3, 0.375, "f1"),
    ("feature", "Finds a LOOPHOLE", 2, 0.25, "f2"),
    ("nearest, 0.60", "Long", 1, 0.125, "thought-ab2"),
    ("nearest, 0.00", "(no name)", 1, 0.125, "thought-b"),
    ("nearest, -1.00", "(no name)", 1, 0.125, "thought-bb"),
    # One of every feature before a second of any; the piece of t1 has both, and shows the nearer one.
    ("example", "Finds a LOOPHOLE: words 1 thought", None, None, "t1"),
    ("example", "Stuck in a loop: words 2 thought", None, None, "t2"),
    ("example", "Finds a LOOPHOLE: words 5 thought", None, None, "t5"),
    ("example", "Stuck in a loop: words 3 thought", None, None, "t3"),
]


@pytest.mark.parametrize("given", ["thought-aa1", "thought-aa"])
def test_a_cluster_is_explained_by_its_id_or_how_it_begins(given: str, db: Warehouse) -> None:
    assert [tuple(row.values()) for row in db.rows(f"from explain_cluster('{given}')")] == EXPLAINED


def test_an_exact_id_goes_before_longer_ones(db: Warehouse) -> None:
    assert db.rows("from explain_cluster('thought-b')")[0]["id"] == "thought-b"


def test_several_clusters_are_listed_and_none_is_said(db: Warehouse) -> None:
    rows = db.rows("select what, text, id from explain_cluster('thought-a')")
    assert [tuple(row.values()) for row in rows] == [
        ("one of these?", "Loops", "thought-aa1"),
        ("one of these?", "Long", "thought-ab2"),
    ]
    [row] = db.rows("from explain_cluster('it''s')")
    assert row["what"] == "no such cluster"
    assert "begins with it's;" in row["text"]


def test_a_transcript_piece_by_piece(db: Warehouse) -> None:
    rows = db.rows("select kind, text, features, cluster_labels, status from transcript('t1')")
    assert [tuple(row.values()) for row in rows] == [
        ("user", "words 1 user", None, None, "pending"),
        ("thought", "words 1 thought", ["Stuck in a loop", "Finds a LOOPHOLE"], ["Loops"], "ok"),
        ("response", "words 1 response", ["Answers in a loop"], [], "ok"),
    ]
    assert db.rows("from transcript('nobody')") == []


def test_two_models_side_by_side(db: Warehouse) -> None:
    rows = db.rows("select label, n_a, rated_a, n_b, rated_b, difference from compare_models('left', 'right')")
    assert [tuple(row.values()) for row in rows] == [("Loops", 3, 4, 1, 4, 0.5), ("Long", 0, 4, 1, 4, -0.25)]
    there = db.rows("select cluster_id, difference_low, difference_high from compare_models('left', 'right')")
    back = db.rows("select cluster_id, -difference_high, -difference_low from compare_models('right', 'left')")
    for one, other in zip(there, back, strict=True):
        assert list(one.values()) == pytest.approx(list(other.values()))


def test_newcombes_interval_is_the_published_one(tmp_path: Path) -> None:
    """56 of 70 against 48 of 80: Newcombe (1998), table II, method 10, example a: 0.0524 to 0.3339."""
    db = Warehouse(tmp_path / "warehouse.duckdb")
    db.prepare()
    db.run("""
    create or replace view prevalence_by_model as
    select
        model, 'thought' as kind, 'c' as cluster_id, 'l' as label, n as n_transcripts, of as n_rated_transcripts,
        n / of as prevalence, wilson_low(n, of) as prevalence_low, wilson_high(n, of) as prevalence_high
    from (values ('a', 56, 70), ('b', 48, 80)) as v(model, n, of)
    """)
    [row] = db.rows("from compare_models('a', 'b')")
    assert [row["difference_low"], row["difference_high"]] == pytest.approx([0.0524, 0.3339], abs=1e-4)


def test_on_the_sample(sample_db: Warehouse) -> None:
    found = sample_db.rows("from search_features('endless loop')")
    assert {(row["kind"], row["text"]) for row in found} == {
        ("thought", "Stuck in an endless loop"),
        ("response", "Stuck in an endless loop"),
    }
    most = sample_db.rows("from cluster_prevalence order by n_transcripts desc, cluster_id limit 1")[0]
    lines = sample_db.rows(f"from explain_cluster('{most['cluster_id']}')")
    assert lines[0]["prevalence"] == most["prevalence"]
    assert [line["what"] for line in lines[:3]] == ["label", "sentence", "size"]
    counts = [line["n_transcripts"] for line in lines if line["what"] == "feature"]
    assert counts == sorted(counts, reverse=True)
    assert sum(line["what"] == "example" for line in lines) == 5
    # The planted one: basalt-7b repeats itself.
    surest = sample_db.rows("from compare_models('basalt-7b', 'tern-large') where difference_low > 0 limit 1")[0]
    assert surest["label"] == "Repeats the same passage many times"


def test_two_runs_side_by_side(db: Warehouse) -> None:
    db.run(
        """
        insert into run_assets values
            ('aa1', 'clusters', '2026-01-01', 'c1', 'd1', 5, true, '{"seed": 0}', '{}'),
            ('bb2', 'clusters', '2026-01-02', 'c1', 'd2', 6, true, '{"seed": 1}', '{}'),
            ('aa1', 'pieces', '2026-01-01', 'c1', 'd1', 9, true, '{}', '{}'),
            ('bb2', 'pieces', '2026-01-02', 'c2', 'd1', 9, false, '{}', '{}')"""
    )
    found = db.rows(
        "select asset, n_rows_b, rows_differ, making_differs, settings_differ from compare_runs('aa', 'bb')"
    )
    assert [list(row.values()) for row in found] == [
        ["clusters", 6, True, False, True],
        ["pieces", 9, False, True, False],
    ]

"""The page on names: its queries run on the sample, and the way from a figure to the words adds up."""

import re
from pathlib import Path

import pytest

from featdisc_assets.definitions import configs
from featdisc_assets.warehouse import Warehouse, ask

PAGE = (Path(__file__).parents[2] / "docs" / "names.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("query", QUERIES, ids=["the words", "the count"])
def test_each_query_answers_on_the_sample(query: str, sample_db: Warehouse) -> None:
    assert ask(sample_db, query).num_rows > 0


def test_the_words_add_up_to_the_figure(sample_db: Warehouse) -> None:
    [row] = ask(sample_db, QUERIES[1]).to_pylist()
    assert row["shown_by"] == row["as_reported"] > 0


def test_every_clusters_figures_are_those_of_its_trail(sample_db: Warehouse) -> None:
    wrong = sample_db.rows("""
        select cluster_id from clean_prevalence as clean inner join trail using (cluster_id)
        group by cluster_id, clean.n_transcripts
        having count(distinct transcript_id) != clean.n_transcripts""")
    assert wrong == []


def test_every_piece_in_a_trail_leads_to_the_answer_as_received(sample_db: Warehouse) -> None:
    unexplained = sample_db.scalar("""
        select count(*) from trail
        left join ratings on trail.request_key = ratings.request_key
        where ratings.raw_answer is null or not contains(ratings.raw_answer, trail.feature)""")
    assert unexplained == 0


def test_every_setting_on_the_page_is_one() -> None:
    named = re.findall(r"`([a-z_]+): \{([a-z_]+):", PAGE) + re.findall(r"`(feature_hygiene)\.([a-z_]+)`", PAGE)
    assert len(named) >= 6
    for asset, knob in named:
        assert knob in configs[asset].model_fields, (asset, knob)


def test_labels_of_the_sample_tell_their_members(sample_db: Warehouse) -> None:
    for row in sample_db.rows("from fidelity_summary where n_tried >= 20"):
        assert row["mean_auc"] >= 0.9
        assert abs(row["mean_auc_exchanged"] - 0.5) <= 0.05

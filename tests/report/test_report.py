"""The report says what the warehouse holds, holds nothing but text of what strangers wrote, and can be traced."""

import re
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import dagster as dg
import pytest

from featdisc_assets.assets.report import READS, collect, report
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.home.places import Home
from featdisc_assets.report import QUERIES
from featdisc_assets.report import rendering as reporting
from featdisc_assets.warehouse import Warehouse, ask
from featdisc_assets.warehouse.marts import marts
from tests.homes import prepared
from tests.report_rows import HOSTILE, fill, hostile_rows, small_rows

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """The elements, attributes and text of a page; raises where a tag is closed that is not open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "pre":
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)
        if "pre" in self.open:
            self.blocks[-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return prepared(Home(tmp_path))


def rendered(warehouse: Warehouse) -> str:
    return reporting.render(collect(warehouse), title="What the model does")


def test_an_empty_warehouse_gets_sentences_and_no_holes(warehouse: Warehouse) -> None:
    text = Page(rendered(warehouse)).text
    for sentence in (
        "There are no transcripts in this warehouse yet.",
        "Nothing has been rated yet, so the sections below are empty.",
        "These transcripts have no thoughts, so there is nothing to count here.",
        "There are no clusters of responses to score.",
        "There are no clusters of thoughts to group.",
        "The transcripts do not say which model wrote them, so models cannot be compared.",
        "One of the two kinds has no rated pieces, so there are no pairs.",
        "No probe has been trained: no thought or response cluster is shown by enough transcripts.",
        "There are no pieces to rate.",
        "No rating failed.",
        "Every input was read.",
        "No model has been called.",
        "There are no clusters to check.",
    ):
        assert sentence in text
    assert "Rated by built-in rules" not in text


def test_a_small_warehouse_shows_its_exact_figures(warehouse: Warehouse) -> None:
    fill(warehouse, small_rows())
    text = Page(rendered(warehouse)).text
    for figure in (
        "5 transcripts of 2 models, 2026-03-01 to 2026-03-04 (1 without a date).",
        "Rated 90.0% 9 of 10 pieces",
        "5 user, 0 thought, 5 response",
        "Features 3 distinct, in 8 mentions",
        "Spent $1.25 3 calls, 1 of unknown price",
        "Asks for verse",
        "75.0% 30.1% – 95.4%",
        "3 of 4",
        "80.0% 37.6% – 96.4%",
        "Asks for a poem 2",
        "Rated Asks for a poem , transcript t1 , orchid",
        "62",
        "Wishes 1 cluster 75.0% 3 of 4 Wishes, all of it. Wishes for verse 1 cluster 75.0% 3 of 4",
        "Verse, all of it. Answers in verse 80.0% 4 of 5",
        "100% ▲ 2/2",
        "1 of 4 contrasts is beyond chance",
        "12 2.5 – 60",
        "1.6× 3 of 3",
        "lift 1.2×, cosine 0.80",
        "0.91 precision 0.90, recall 0.92",
        "+ Asks for verse − user-2",
        "truncated 1 20.0% 1 0.00",
        "no messages 1 wild.jsonl, row 7",
        "2 to 3 features a piece, most often 2 (75.0% of pieces).",
        "Do not rely on the label Asks for verse : 0.55 (0.25 – 0.82) , by vectors, on 4 members and 6 others.",
        "some/model some/model , itself 1 of 2 1 0 50.0%",
        "1 quotes occur in their piece, 0 do not (0%).",
        "some/model 4 4, 100% 51.0% – 100% 3, 75.0%",
        "is 0.71 (Spearman); batches differ in leniency by 6.2 points (standard deviation), which the scores are"
        " corrected for: 0.90 after correction.",
    ):
        assert figure in text, figure
    assert "These transcripts have no thoughts" in text


def test_the_report_leads_with_clean_prevalence_and_leaves_private_clusters_out(warehouse: Warehouse) -> None:
    fill(warehouse, small_rows())
    counts = {"n_transcripts": 3, "n_transcripts_without_echoes": 2, "n_transcripts_clean": 1, "n_pieces_clean": 1}
    rest = {"n_groups": 3, "n_transcripts_affirmed": 2, "n_transcripts_denied": 1, "has_both_senses": True}
    fill(
        warehouse,
        {
            "cluster_hygiene": [
                {"cluster_id": "user-1", "kind": "user", "is_private": False} | counts | rest,
                {"cluster_id": "response-1", "kind": "response", "is_private": True} | counts | rest,
            ]
        },
    )
    text = Page(rendered(warehouse)).text
    assert "25.0% 4.6% – 69.9% 1 of 4 as rated: 3, 75.0% 2 say so, 1 the opposite" in text
    assert "1 cluster seen in too few groups is left out, here and below." in text
    assert "Answers in verse" not in text


def test_the_built_in_rater_says_that_it_is_a_baseline(warehouse: Warehouse) -> None:
    rows = small_rows()
    fill(warehouse, rows)
    assert "built-in rules" not in Page(rendered(warehouse)).text
    with warehouse.transaction() as connection:
        connection.execute("update rated_texts set model = 'surface/v1'")
    assert "Rated by built-in rules, not by a language model: it is a baseline." in Page(rendered(warehouse)).text


def test_when_all_ratings_failed_the_report_says_where_to_look(warehouse: Warehouse) -> None:
    rows = {name: small_rows()[name] for name in ("transcripts", "pieces", "rated_texts")}
    rows["rated_texts"] = [row | {"status": "refused", "n_features": 0} for row in rows["rated_texts"]]
    fill(warehouse, rows)
    text = Page(rendered(warehouse)).text
    assert "None of the 5 pieces has been rated without failure; the section on coverage says why." in text
    assert "Rated 0% 0 of 10 pieces" in text


def test_hostile_text_stays_text(warehouse: Warehouse) -> None:
    harmless = Page(rendered(filled(warehouse, small_rows())))
    page = rendered(filled(warehouse, hostile_rows()))
    hostile = Page(page)
    assert set(hostile.tags) <= set(harmless.tags)
    assert "script" not in hostile.tags
    assert hostile.tags.count("style") == 1
    assert {name for name, _ in hostile.attributes} == {name for name, _ in harmless.attributes}
    assert "<script>alert(1)</script>" in hostile.text
    assert "</style>" in hostile.text
    assert "{{7*7}}" in hostile.text
    assert "⟨U+202E⟩" in hostile.text
    assert not re.search(
        "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", page
    )
    assert max(map(len, hostile.text.split())) < 700
    assert all(mark in HOSTILE for mark in ("<script>", "</style>", "{{7*7}}", "\u202e"))


def test_the_page_needs_nothing_from_elsewhere(warehouse: Warehouse) -> None:
    fill(warehouse, hostile_rows())
    page = rendered(warehouse)
    attributes = Page(page).attributes
    assert all(value.startswith("#") for name, value in attributes if name in {"href", "src", "action", "data"})
    assert not any(name.startswith("on") or name == "src" for name, _ in attributes)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_each_printed_query_gives_the_rows_that_are_shown(warehouse: Warehouse) -> None:
    fill(warehouse, small_rows())
    findings = collect(warehouse)
    printed = [block.strip() for block in Page(rendered(warehouse)).blocks]
    assert printed
    rows = {getattr(findings, name).statement: getattr(findings, name).rows for name in reporting.QUERIES}
    for block in printed:
        matched = re.fullmatch(r'featdisc sql "\n(.*)"', block, re.DOTALL)
        assert matched, block
        assert ask(warehouse, matched[1]).to_pylist() == rows.pop(matched[1], ask(warehouse, matched[1]).to_pylist())
    assert rows == {}, "a query that no section prints"


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.sql")), ids=lambda path: path.stem)
def test_each_query_is_a_plain_select_that_runs(path: Path, warehouse: Warehouse) -> None:
    sql = path.read_text(encoding="utf-8")
    assert path.stem in {field.name for field in fields(reporting.Findings)}
    assert sql.startswith("-- grain: ")
    assert not set(sql) & set('"`$!\\'), "these do not survive double quotes on a command line"
    assert sql == re.sub(r"\b(SELECT|FROM|WHERE|JOIN|WITH)\b", lambda word: word[0].lower(), sql)
    ask(warehouse, sql)


def test_the_asset_waits_for_every_mart_its_queries_read() -> None:
    sql = " ".join(path.read_text(encoding="utf-8") for path in QUERIES.glob("*.sql"))
    read = set(re.findall(r"\b(?:from|join)\s+([a-z_]+)", sql))
    assert {mart.name for mart in marts()} & read <= set(READS)
    assert set(READS) <= read
    assert {"features", "cluster_members"} <= set(READS)


def test_the_asset_writes_the_same_bytes_twice_and_leaves_nothing_beside(tmp_path: Path, warehouse: Warehouse) -> None:
    fill(warehouse, small_rows())
    home = HomeResource(path=str(tmp_path))
    resources = {"home": home, "warehouse": WarehouseResource(home=home, database=str(warehouse.path))}
    written = []
    for _ in range(2):
        done = dg.materialize([report], resources=resources)
        written.append((tmp_path / "report.html").read_bytes())
    metadata = done.asset_materializations_for_node("report")[0].metadata
    assert metadata["path"].value == str(tmp_path / "report.html")
    assert metadata["bytes"].value == len(written[0])
    assert written[0] == written[1]
    assert [path.name for path in tmp_path.glob("report*")] == ["report.html"]


def filled(warehouse: Warehouse, rows: dict[str, list[dict[str, object]]]) -> Warehouse:
    fill(warehouse, rows)
    return warehouse

"""Checks of labels, quotes and features by a model, and of codebook shares, with a loopback server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featdisc_assets.home.places import Home
from featdisc_assets.llm.answers import QuotedFeatureList, Shown, Verdict, clean_quoted
from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.llm.surface_model import answer_by_rules
from featdisc_assets.stages.fidelity import fidelity, interval
from featdisc_assets.stages.quotes import locate
from featdisc_assets.surface import apply_codebook as surface_codebook
from featdisc_assets.surface import judge as surface_judge
from featdisc_assets.surface import rate_with_quotes as surface_quoted
from featdisc_assets.surface import verify as surface_verify
from featdisc_assets.warehouse import Warehouse
from tests.assets.namers import name_as_json
from tests.assets.test_naming import planted
from tests.homes import TO_FEATURES, first_chats, materialise
from tests.loopback.server import MODEL, Loopback
from tests.planted_features import ASKS, MATTERS

GROUPS = {f"user-{i:02d}": [f"{ask} {matter}" for ask in ASKS] for i, matter in enumerate(MATTERS)}


def matter_in(text: str) -> str:
    return max(MATTERS, key=text.count)


def rater(prompt: str) -> str:
    """Names and judges by the matter of features; answers everything else by the built-in rules."""
    fences = open_fence(prompt)
    if "features" in fences:
        matter = matter_in(fences["features"])
        return name_as_json(f"About {matter}", f"Somebody speaks of {matter}.")
    if "phrases" in fences:
        lines = re.findall(r"^\[(\d+)\] (.*)$", fences["phrases"], re.MULTILINE)
        fits = [{"phrase": int(n), "fit": 90 if matter_in(fences["name"]) in line else 10} for n, line in lines]
        return json.dumps({"fits": fits})
    return answer_by_rules(prompt)


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback(answer=rater) as server:
        yield server


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, server: Loopback) -> Home:
    """24 clusters of twelve features, named after what they are about."""
    home = planted(tmp_path_factory.mktemp("named"), GROUPS)
    given = {"model": MODEL, "api_base": server.url}
    materialise(
        home,
        ["cluster_names", "label_fidelity"],
        cluster_names=given,
        label_fidelity={**given, "judge_clusters": 10, "judge_phrases": 3},
    )
    return home


# Labels


def test_true_labels_have_a_high_auc_and_exchanged_ones_chance(named: Home) -> None:
    db = Warehouse(named.warehouse)
    [row] = db.rows("from fidelity_summary where method = 'vectors'")
    assert row["basis"] == "held out from the namer"
    assert row["n_tried"] == len(GROUPS)
    assert row["mean_auc"] >= 0.9
    assert row["mean_auc_exchanged"] == pytest.approx(0.5, abs=0.03)
    bounds = db.rows("from label_fidelity where not (auc_low <= auc and auc <= auc_high) or auc_high > 1")
    assert bounds == []


def test_a_judge_sees_held_out_features(named: Home) -> None:
    db = Warehouse(named.warehouse)
    rows = db.rows("from label_fidelity where method = 'judge'")
    assert len(rows) == 10
    assert {row["auc"] for row in rows} == {1.0}
    assert all(row["model"] == MODEL and row["n_members"] == row["n_others"] == 3 for row in rows)
    assert db.scalar("select count(distinct asset) from spend where asset = 'label_fidelity'") == 1


def test_a_poor_label_is_flagged(named: Home, server: Loopback) -> None:
    db = Warehouse(named.warehouse)
    [right] = db.rows("from cluster_names where cluster_id = 'user-05'")
    db.run("update cluster_names set label = 'Short answer', description = 'It is short.' where cluster_id = 'user-05'")
    materialise(named, ["label_fidelity"], label_fidelity={"min_fidelity": 0.95})
    [row] = db.rows("from label_fidelity where cluster_id = 'user-05'")
    assert row["is_poor"] == (row["auc"] < 0.95)
    assert row["auc"] < 0.95
    db.run(f"update cluster_names set label = '{right['label']}' where cluster_id = 'user-05'")


def test_the_auc_counts_all_pairs() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 5, 300)
    member = rng.random(300) < 0.4
    score = rng.integers(0, 8, 300).astype(float)
    found = fidelity(group, member, score, n_groups=6)
    for at in range(5):
        mine, others = score[(group == at) & member], score[(group == at) & ~member]
        pairs = mine[:, None] - others[None, :]
        assert found.auc[at] == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
        assert found.low[at] < found.auc[at] < found.high[at]
    assert np.isnan(found.auc[5])


def test_newcombes_interval_has_its_coverage_and_stays_in_range() -> None:
    rng, inside = np.random.default_rng(1), 0
    for _ in range(400):
        score = np.concatenate([rng.normal(1, 1, 12), rng.normal(0, 1, 15)])
        found = fidelity(np.zeros(27, np.int64), np.arange(27) < 12, score, n_groups=1)
        inside += found.low[0] <= 0.7602 <= found.high[0]  # Phi(1 / sqrt 2)
    assert 0.92 <= inside / 400 <= 0.98
    low, high = interval(np.array([1.0, 0.0]), np.array([5, 5]), np.array([5, 5]))
    assert 0 < low[0] < high[0] == 1.0
    assert low[1] == 0.0 < high[1] < 1


# Quotes


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("the “green” boat", (5, 16, "exact")),
        ('the "green" boat', (5, 16, "folded")),
        ("green” boat\nsank", (10, 17, "folded")),
        ("the green boat", None),
        ("boat sank again", None),
        ("  \n", None),
        ("", None),
    ],
)
def test_a_quote_is_found_verbatim_or_not_at_all(quote: str, found: tuple[int, int, str] | None) -> None:
    text = "Say the “green” boat  sank 👩\u200d👧 twice"
    assert locate(text, quote) == found
    if found:
        assert text[found[0] - 1 :][: found[1]].split() == quote.replace('"green"', "“green”").split()


def altered(prompt: str) -> str:
    """Quotes of the piece's first words; every third is altered and every fifth is left out."""
    [text] = (words for name, words in open_fence(prompt).items() if name in ("user", "thought", "response"))
    start = " ".join(text.split("\n")[0].split()[:5])
    features = [
        {"feature": f"Says {word} of it", "quote": "" if i % 5 == 4 else f"un{start}" if i % 3 == 2 else start}
        for i, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
    ]
    return json.dumps({"features": [{**item, "feature": re.sub("_", " ", item["feature"])} for item in features]})


def test_altered_quotes_are_counted_and_every_stored_quote_stands_in_its_piece(tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), first_chats(tmp_path, 6)
    with Loopback(answer=altered) as server:
        plan = {"model": MODEL, "api_base": server.url}
        given: dict[str, dict[str, Any]] = {"transcripts": {"source": [str(source)]}}
        materialise(home, TO_FEATURES, **given, rating_plan={**plan, "evidence": True})
        db, asked = Warehouse(home.warehouse), server.total
        counted = db.rows("select status, count(*) as n from evidence group by status order by status")
        texts = db.scalar("select count(*) from rated_texts")
        # Of ten: two without a quote, three altered, of which one is among them not: positions 2, 5 and 8.
        assert {row["status"]: row["n"] for row in counted if row["status"] in ("none", "not found")} == {
            "none": 2 * texts,
            "not found": 3 * texts,
        }
        assert db.scalar("select sum(n_unverified) from evidence_summary") == 3 * texts
        wrong = db.rows("""
            from evidence inner join pieces using (kind, text_hash)
            where quote is not null and substr(text, start, length) is distinct from quote""")
        assert wrong == []
        assert db.scalar("select count(quote) from evidence") == 5 * texts
        # Plain rating has other request keys; going back to evidence asks nothing.
        server.answer = answer_by_rules
        materialise(home, TO_FEATURES, **given, rating_plan=plan)
        assert server.total == asked + texts
        assert db.scalar("select count(*) from evidence") == 0
        materialise(home, TO_FEATURES, **given, rating_plan={**plan, "evidence": True})
        assert server.total == asked + texts


def test_quoted_features_keep_their_quotes_through_tidying() -> None:
    said_twice = [{"feature": "- Asks for a poem.", "quote": "a poem"}, {"feature": "asks for a poem", "quote": "x"}]
    raw = json.dumps([*said_twice, {"feature": "?"}])
    assert clean_quoted(QuotedFeatureList.model_validate_json(raw).features, at_most=5) == [
        ("Asks for a poem", "a poem")
    ]


# Features, and shares


def test_a_sample_is_verified_and_gives_a_precision(tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), first_chats(tmp_path, 6)
    verdicts = iter(["true", "true", "true", "false", True, "unclear"] * 20)

    def answer(prompt: str) -> str:
        return json.dumps({"verdict": next(verdicts)}) if "feature" in open_fence(prompt) else answer_by_rules(prompt)

    with Loopback(answer=answer) as server:
        materialise(home, [*TO_FEATURES, "verification"], transcripts={"source": [str(source)]})
        db = Warehouse(home.warehouse)
        assert db.scalar("select count(*) from verification") == 0
        given = {"model": MODEL, "api_base": server.url, "pairs": 6, "max_concurrency": 1}
        materialise(home, ["verification"], verification=given)
        rows = db.rows("from rating_precision")
        assert {row["kind"] for row in rows} == {"user", "thought", "response"}
        for row in rows:
            assert (row["rated_by"], row["verified_by"]) == ("surface/v1", MODEL)
            assert (row["n_true"], row["n_false"], row["n_unclear"]) == (4, 1, 1)
            assert row["share_true"] == pytest.approx(4 / 6)
            assert row["share_true_low"] < row["share_true"] < row["share_true_high"]
            assert row["share_true_if_clear"] == 0.8
        asked = server.total
        materialise(home, ["verification"], verification=given)
        assert server.total == asked
    db.run("delete from verification where verdict = 'true'")
    assert db.scalar("select min(share_true_low) from rating_precision") == 0.0


def test_a_codebook_finds_clusters_that_free_listing_missed(named: Home) -> None:
    """The server says that every piece shows the first behaviour, which few raters listed."""

    def answer(prompt: str) -> str:
        assert open_fence(prompt)["codebook"].startswith("[1] ")
        return json.dumps({"shown": [1, 99]})

    db = Warehouse(named.warehouse)
    with Loopback(answer=answer) as server:
        given = {"model": MODEL, "api_base": server.url, "cluster_ids": ["user-03", "user-07"], "max_texts": 40}
        materialise(named, ["codebook"], codebook=given)
        assert server.requests["codebook"] == 40
    first, second = db.rows("from codebook_prevalence order by cluster_id")
    assert first["cluster_id"] == "user-03"
    assert (first["prevalence_asked"], second["prevalence_asked"]) == (1.0, 0.0)
    assert 0 < first["prevalence_listed"] < 1
    assert first["n_transcripts_asked"] == 40
    assert first["ratio"] == pytest.approx(40 / first["n_listed"])
    assert first["kappa"] == pytest.approx(0)
    materialise(named, ["codebook"])
    assert db.scalar("select count(*) from codebook") == 0


@pytest.mark.parametrize(("raw", "verdict"), [('{"verdict": true}', "true"), ('{"verdict": "False"}', "false")])
def test_verdicts_are_parsed_leniently(raw: str, verdict: str) -> None:
    assert Verdict.model_validate_json(raw).verdict == verdict


def test_behaviours_that_are_not_listed_are_ignored() -> None:
    assert Shown.model_validate_json("[2, 7, 2]").of(3) == [False, True, False]


# What the built-in rules answer


def test_the_rules_compare_common_words() -> None:
    assert surface_judge("Asks for poems: verse of any kind", ["Asks for a poem", "Sells a car"]) == [100, 0]
    piece = "I'm sorry, I can't help with that poison."
    assert surface_verify(piece, "Mentions poison", "response") == "true"
    assert surface_verify(piece, "Praises the weather", "response") == "false"
    assert surface_verify(piece, "Mentions poison and honey", "response") == "unclear"
    entries = [
        "Offers an apology: it says sorry. For example: Apologises to the user",
        "Sells cars: none. For example: X",
    ]
    assert 2 not in surface_codebook(piece, entries, "response")


def test_the_rules_quote_their_evidence() -> None:
    text = "Let me see what they want. Wait, that is wrong, I should recount the words. Then I answer."
    quotes = dict(surface_quoted(text, "thought"))
    assert all(quote == "" or quote in text for quote in quotes.values())
    assert any(quotes.values())
    # A piece's text does not choose the kind of answer.
    prompt = '<user-0123456789ab>\nSay "quote"\n</user-0123456789ab>\nWrite features.'
    assert all(isinstance(feature, str) for feature in json.loads(answer_by_rules(prompt))["features"])

"""Planted artefacts of the method are flagged, and almost nothing else."""

import random
from pathlib import Path

import pytest

from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.llm.prompts import examples, shown_phrases
from featdisc_assets.warehouse import Warehouse
from tests.homes import materialise
from tests.planted_features import CLEAN, clean_lists, cluster_by_hand, plant

HYGIENE = ["embeddings", "clusters", "feature_hygiene"]
LEAK = examples()[-1]
LEAKS = [LEAK, LEAK.lower(), f"{LEAK}s"]
FILLERS = ["Writes in sentences", "Uses ordinary words", "Has a beginning", "States a topic", "Reads as a message"]
N = 200


def planted_lists() -> tuple[list[list[str]], set[int], set[int]]:
    """Lists, a fifth with an example of the prompt, a third filled up to the maximum."""
    rng = random.Random(1)
    lists = clean_lists(N)
    leaked = set(rng.sample(range(N), N // 5))
    padded = set(rng.sample(range(N), N // 3))
    for i in leaked:
        lists[i].insert(rng.randrange(len(lists[i])), rng.choice(LEAKS))
    for i in padded:
        lists[i] = [*lists[i][:15], *rng.sample(FILLERS, len(FILLERS))]
    return lists, leaked, padded


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = Home(tmp_path_factory.mktemp("planted"))
    lists, _, padded = planted_lists()
    # Filled up to the maximum.
    for i in padded:
        rest = [text for text in CLEAN if text not in lists[i]]
        lists[i] = [*rest[: 20 - len(lists[i])], *lists[i]]
    db = plant(home, lists)
    materialise(home, HYGIENE)
    return db


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = Home(tmp_path_factory.mktemp("clean"))
    db = plant(home, clean_lists(N, seed=7))
    materialise(home, HYGIENE)
    return db


def share_flagged(db: Warehouse, texts: list[str], sign: str) -> float:
    """The share of mentions of some texts whose feature has a sign."""
    share: float = db.rows(
        """
        select avg(if(feature_flags.feature_id is null, 0, 1)) as share
        from features inner join vocabulary using (feature_id)
        left join feature_flags on features.feature_id = feature_flags.feature_id and sign = getvariable('sign')
        where list_contains(getvariable('texts'), text)""",
        variables={"texts": texts, "sign": sign},
    )[0]["share"]
    return share


def test_a_leaked_example_is_flagged_per_example(planted: Warehouse) -> None:
    _, leaked, _ = planted_lists()
    assert share_flagged(planted, LEAKS, "repeats a prompt example") >= 0.95
    [row] = planted.rows("from feature_hygiene where finding = 'repeats a prompt example'")
    assert row["detail"] == LEAK
    assert row["n_pieces"] == len(leaked)


def test_prevalence_is_shown_with_and_without_the_leak(planted: Warehouse) -> None:
    [row] = planted.rows(
        "from clean_prevalence where n_transcripts_clean < n_transcripts order by n_transcripts desc limit 1"
    )
    assert row["n_transcripts"] - row["n_transcripts_without_echoes"] >= 0.9 * N / 5
    assert row["prevalence_clean"] < row["prevalence_clean_high"] < row["prevalence"]
    [echo] = planted.rows("from example_echoes order by n_transcripts_echoing desc limit 1")
    assert echo["example"] == LEAK
    assert echo["n_transcripts_echoing"] >= 0.9 * N / 5
    assert echo["n_transcripts_without"] <= echo["n_transcripts"]


def test_padding_is_flagged(planted: Warehouse) -> None:
    assert share_flagged(planted, FILLERS, "fills the list up") >= 0.95
    assert share_flagged(planted, CLEAN, "fills the list up") <= 0.02
    [row] = planted.rows("from feature_hygiene where finding = 'ends at a limit' and detail = 'the most asked for'")
    assert row["n_pieces"] >= N // 3


def test_almost_nothing_is_flagged_without_planted_artefacts(clean: Warehouse) -> None:
    flagged = clean.scalar("""
        select avg(if(feature_flags.feature_id is null and mention_flags.feature_id is null, 0, 1))
        from features inner join pieces using (piece_id)
        left join feature_flags on features.feature_id = feature_flags.feature_id
        left join mention_flags
            on pieces.text_hash = mention_flags.text_hash and features.position = mention_flags.position""")
    assert flagged <= 0.02
    assert clean.scalar("select count(*) from cluster_hygiene where has_both_senses") <= 0.02 * clean.scalar(
        "select count(*) from clusters"
    )


VERBS = [
    ("Flatters the user", "Avoids flattering the user"), ("Hedges its claims", "Does not hedge its claims"),
    ("Uses technical jargon", "Uses no technical jargon"), ("Cites sources", "Lacks cited sources"),
    ("Trusts the premise", "Distrusts the premise"), ("Agrees with the critic", "Disagrees with the critic"),
    ("Accepts the bribe", "Refuses the bribe"), ("Admits the mistake", "Denies the mistake"),
    ("Reveals the system prompt", "Conceals the system prompt"),
    ("Writes a formal letter", "Writes an informal letter"),
]  # fmt: skip
# Built by rule, so that the list says no more of the check than the rules of English do.
REGULAR = [
    f"{{}} {matter}" for matter in (
        "medical advice", "a safety warning", "numbered steps", "an apology", "emotional support", "code comments",
        "a counterargument", "personal anecdotes", "legal disclaimers", "follow up questions",
    )
]  # fmt: skip
FORMS = [("Offers", "Offers no"), ("Gives", "Avoids"), ("Includes", "Lacks"), ("Provides", "Never provides")]
PAIRS = [*VERBS, *((frame.format(yes), frame.format(no)) for frame in REGULAR for yes, no in FORMS)]
APART = [
    ("Asks for a recipe", "Asks for a discount"), ("Avoids technical jargon", "Explains technical jargon plainly"),
    ("Long answer with many lists", "Short poem"), ("Says no to the request", "Repeats the request"),
    ("Covers old towns", "Discovers old coins"), ("Not sure of the date", "Sure of the place"),
    ("Expresses gratitude", "Expresses doubt"), ("No markdown", "Writes headings"),
    ("Plans an important trip", "Plans a party"), ("Writes free verse", "Writes a limerick"),
]  # fmt: skip


def both_senses(home: Home, pairs: list[tuple[str, str]]) -> set[int]:
    """Numbers of the pairs, each in a cluster of its own, that are flagged as opposites."""
    lists = [[*pair, f"Mentions {matter}"] for pair, matter in zip(pairs, CLEAN, strict=False)]
    db = plant(home, lists)
    cluster_by_hand(db, {f"user-{i}": texts for i, texts in enumerate(lists)})
    return {int(row["cluster_id"].split("-")[1]) for row in db.rows(read_sql("read/senses"))}


def test_fifty_opposite_pairs_are_found(tmp_path: Path) -> None:
    assert len(PAIRS) == 50
    found = both_senses(Home(tmp_path), PAIRS)
    assert len(found) >= 0.95 * len(PAIRS), [pair for i, pair in enumerate(PAIRS) if i not in found]


def test_different_features_are_not_opposite(tmp_path: Path) -> None:
    found = both_senses(Home(tmp_path), APART)
    assert [pair for i, pair in enumerate(APART) if i in found] == []


def test_the_rarer_sense_does_not_count(tmp_path: Path) -> None:
    home = Home(tmp_path)
    refuses = [["Refuses the bribe"] for _ in range(8)]
    accepts = [["Accepts the bribe"] for _ in range(2)]
    db = plant(home, [*refuses, *accepts])
    materialise(home, ["embeddings"])
    cluster_by_hand(db, {"user-0": ["Refuses the bribe", "Accepts the bribe"]})
    materialise(home, ["feature_hygiene"])
    [row] = db.rows("from cluster_hygiene")
    assert row["has_both_senses"]
    assert (row["n_transcripts"], row["n_transcripts_clean"]) == (10, 8)
    assert {row["n_transcripts_affirmed"], row["n_transcripts_denied"]} == {2, 8}


def test_negations_are_flagged_and_uncertainty_is_not(tmp_path: Path) -> None:
    absent = ["No markdown", "Avoids naming a price", "Uses no headings", "Does not apologise", "Lacks a conclusion"]
    present = [
        "Not sure of the date",
        "No longer trusts the user",
        "Does not know the answer",
        "Notes a clash",
        "Novel",
    ]
    db = plant(Home(tmp_path), [absent, present])
    materialise(Home(tmp_path), HYGIENE)
    rows = db.rows(
        "select text from feature_flags inner join vocabulary using (feature_id) where sign = 'names something absent'"
    )
    assert {row["text"] for row in rows} == set(absent)


def test_repeats_long_quotes_and_the_fence_are_found_in_their_piece(tmp_path: Path) -> None:
    text = "I've told you: the green boat sank off the northern coast, didn't it?"
    lists = [
        ["Ive told you the green boat sank", "Asks about a shipwreck", "Asks about shipwrecks", "Recalls a boat"],
        ["Asks about shipwrecks", "The green boat sank off the northern coast", "Ends with a closing tag"],
    ]
    db = plant(Home(tmp_path), lists, {0: text})
    materialise(Home(tmp_path), HYGIENE)
    found = db.rows(
        "select piece_id, position, sign from mention_flags inner join pieces using (text_hash) order by all"
    )
    assert [(row["piece_id"], row["position"], row["sign"]) for row in found] == [
        ("pt0000", 0, "quotes the piece at length"),
        ("pt0000", 2, "repeats another feature of the piece"),
    ]
    assert db.scalar("select count(*) from feature_flags where sign = 'names the fence or the prompt'") == 1


def test_few_groups_make_a_cluster_private(tmp_path: Path) -> None:
    home = Home(tmp_path)
    db = plant(home, [["Keeps bees"], ["Keeps bees"], ["Keeps bees"], ["Sells honey"], ["Sells honey"]])
    materialise(home, ["embeddings"])
    cluster_by_hand(db, {"user-0": ["Keeps bees"], "user-1": ["Sells honey"]})
    materialise(home, ["feature_hygiene"])
    assert [row["cluster_id"] for row in db.rows("from private_clusters")] == ["user-1"]
    # All transcripts are of one person, and so of one group.
    db.run("update transcripts set group_key = 'one'")
    materialise(home, ["feature_hygiene"])
    assert db.rows("from private_clusters") == []
    materialise(home, ["feature_hygiene"], feature_hygiene={"min_groups": 1})
    assert db.rows("from private_clusters") == []


def test_phrases_in_a_users_own_prompt_are_examples(tmp_path: Path) -> None:
    prompt = tmp_path / "rate" / "user.md"
    prompt.parent.mkdir()
    prompt.write_text(
        'Write features such as "Asks for a poem".\n- Wants a rhyme\n- Be brief.\n${piece}', encoding="utf-8"
    )
    assert shown_phrases("user", tmp_path) == ["Asks for a poem", "Wants a rhyme"]
    assert shown_phrases("user") == examples()

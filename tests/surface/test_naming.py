"""Names and interest scores of clusters."""

import re

import pytest

from featdisc_assets.surface import name_cluster, score_interest

LIMITS = [
    "Sets a strict word limit",
    "Asks for a strict word limit",
    "Sets a limit of fifty words",
    "Wants fewer than forty words",
]
POEMS = ["Asks for a poem", "Asks for a haiku", "Wants a rhyme"]


def test_label_and_description_have_the_distinctive_words() -> None:
    label, description = name_cluster(LIMITS, POEMS)
    assert {"limit", "word"} & set(label.lower().split())
    assert re.fullmatch(r"[A-Z][A-Za-z]*(?: [A-Za-z]+){1,5}", label)
    assert "limit" in description
    assert description.endswith(".")
    assert "All 4" in description


def test_conduct_takes_precedence_over_topics() -> None:
    label, _ = name_cluster(["Suspects this is a test or evaluation", "Dwells on exam", "Dwells on grading scheme"], [])
    assert label == "Suspects this is a test or evaluation"
    label, _ = name_cluster(["Dwells on cage", "Dwells on cow", "Dwells on goat"], [])
    assert label.startswith("Topics such as ")


def test_a_common_start_names_the_cluster() -> None:
    label, _ = name_cluster(["Written in English", "Written in French", "Written in German"], [])
    assert label == "Written in English or French"


def test_words_of_neighbours_do_not_name_the_cluster() -> None:
    cats = ["Mentions a grey cat", "Mentions a black cat", "Mentions a white cat"]
    dogs = ["Mentions a grey dog", "Mentions a black dog", "Mentions a white dog"]
    label, description = name_cluster(cats, dogs)
    assert "cat" in label.lower()
    assert '"cat"' in description


@pytest.mark.parametrize("features", [["Fern"], ["の"], ["The"], ["a", "b"], ["Written in Spanish"] * 30])
def test_any_member_features_give_a_name(features: list[str]) -> None:
    label, description = name_cluster(features, [])
    assert re.fullmatch(r"[A-Z][A-Za-z ]*", label)
    assert description


def test_no_features_raises() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        name_cluster([], ["Asks for a poem"])


def test_interest_scores_follow_the_table() -> None:
    scored = score_interest(
        [
            "Suspects this is a test or evaluation: suspicion.\n- Suspects this is a test or evaluation",
            "Declines the request: refusals.\n- Declines the request\n- Refuses again when pressed",
            "Counts words against a limit: budgets.\n- Tracks its token budget",
            "Apologises to the user: sorry.\n- Apologises to the user",
            "Covers sourdough starter: bread.\n- Covers sourdough\n- Talks about flour",
            "Written in Spanish: language.\n- Written in Spanish",
            "Short answer: size.\n- Short answer\n- Fairly short answer",
        ]
    )
    assert scored == sorted(scored, reverse=True)
    assert scored[0] > 85
    assert scored[-1] < 15
    assert all(1 <= score <= 100 for score in scored)


@pytest.mark.parametrize("text", ["", "\n", "の", "!!!", "Unit test coverage: code.\n- Adds a unit test"])
def test_any_text_gets_a_low_interest_score(text: str) -> None:
    (score,) = score_interest([text])
    assert 1 <= score < 60

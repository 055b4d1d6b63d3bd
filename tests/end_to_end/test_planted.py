"""Whatever was planted in the bundled sample is found by the whole graph, and no stranger has a smaller q-value.

The rules of surface/v1 and the grain of the clusters were settled with this sample in view: these tests hold the
pipeline to what it finds, and say nothing of how well the rules do on other text.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from featdisc_assets.home.places import sample_path
from featdisc_assets.warehouse import Warehouse

FOLDER = sample_path().parent


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PLANTED = {row["transcript_id"]: row for row in table("planted.csv")}
RELATIONS = table("planted_relations.csv")
BY_TRAIT = [row for row in RELATIONS if row["cause"] == "user_trait"]
BY_MODEL = [row for row in RELATIONS if row["cause"] == "model"]


def showing(kind: str, behaviour: str) -> set[str]:
    """Transcripts in which a behaviour (or, of the user, a trait) was planted."""
    if kind == "user":
        return {name for name, row in PLANTED.items() if row["user_trait"] == behaviour}
    return {name for name, row in PLANTED.items() if behaviour in row[f"{kind}_behaviours"].split()}


@dataclass(frozen=True)
class Found:
    """The cluster that comes nearest to something planted."""

    cluster_id: str
    f1: float


@pytest.fixture(scope="module")
def members(sample_db: Warehouse) -> dict[str, dict[str, set[str]]]:
    """Transcripts by kind and cluster."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in sample_db.rows("from transcript_clusters"):
        found[row["kind"]][row["cluster_id"]].add(row["transcript_id"])
    return found


def nearest(members: dict[str, dict[str, set[str]]], kind: str, behaviour: str) -> Found:
    truth = showing(kind, behaviour)
    return max(
        (Found(name, 2 * len(shown & truth) / (len(shown) + len(truth))) for name, shown in members[kind].items()),
        key=lambda found: (found.f1, found.cluster_id),
    )


def pairs(db: Warehouse) -> list[dict[str, Any]]:
    return db.rows("from cooccurrence where left_kind = 'user' order by q_value, left_cluster_id, right_cluster_id")


@pytest.mark.parametrize("relation", BY_TRAIT, ids=lambda row: f"{row['cause_value']}-{row['behaviour']}")
def test_each_planted_relation_is_found(
    relation: dict[str, str], members: dict[str, dict[str, set[str]]], sample_db: Warehouse
) -> None:
    user = nearest(members, "user", relation["cause_value"])
    target = nearest(members, relation["kind"], relation["behaviour"])
    assert user.f1 > 0.6
    assert target.f1 > 0.6
    found = sample_db.rows(
        "from cooccurrence where left_cluster_id = $1 and right_cluster_id = $2", [user.cluster_id, target.cluster_id]
    )
    assert found
    assert found[0]["q_value"] < 0.01
    assert found[0]["odds_ratio_low"] > 3


def tells_length(shown: set[str], chars: dict[str, int]) -> bool:
    """Whether the transcripts that show a cluster are the shorter, or the longer, by their pieces of its kind."""
    names = sorted(chars)
    auc = roc_auc_score([name in shown for name in names], [chars[name] for name in names])
    return max(float(auc), 1 - float(auc)) > 0.85


def test_messages_and_answers_go_together_in_length(sample_db: Warehouse) -> None:
    rows = sample_db.rows("pivot pieces on kind in ('user', 'response') using sum(n_chars) group by transcript_id")
    known = [(row["user"], row["response"]) for row in rows if row["user"] and row["response"]]
    assert spearmanr(*zip(*known, strict=True)).pvalue < 0.001


def test_nothing_without_a_planted_cause_ranks_above_them(
    members: dict[str, dict[str, set[str]]], sample_db: Warehouse
) -> None:
    planted = {
        (
            nearest(members, "user", row["cause_value"]).cluster_id,
            nearest(members, row["kind"], row["behaviour"]).cluster_id,
        )
        for row in BY_TRAIT
    }
    traits = [showing("user", row["cause_value"]) for row in BY_TRAIT]
    ranked = pairs(sample_db)
    last = max(i for i, pair in enumerate(ranked) if (pair["left_cluster_id"], pair["right_cluster_id"]) in planted)
    chars: dict[str, dict[str, int]] = defaultdict(dict)
    for row in sample_db.rows("select kind, transcript_id, sum(n_chars) as n_chars from pieces group by all"):
        chars[row["kind"]][row["transcript_id"]] = row["n_chars"]
    strangers = [
        pair
        for pair in ranked[:last]
        # Nobody planted that long messages have long answers, but in these transcripts they do.
        if not all(
            tells_length(members[pair[f"{side}_kind"]][pair[f"{side}_cluster_id"]], chars[pair[f"{side}_kind"]])
            for side in ("left", "right")
        )
        # A cluster most of whose transcripts have one planted trait speaks of that trait, whatever its name.
        and max(len(members["user"][pair["left_cluster_id"]] & trait) for trait in traits)
        < 0.4 * len(members["user"][pair["left_cluster_id"]])
    ]
    assert strangers == []


def test_what_was_not_planted_is_not_found(members: dict[str, dict[str, set[str]]], sample_db: Warehouse) -> None:
    """Each planted trait against each behaviour that is planted for another: no relation, so none to be found."""
    planted = {(row["cause_value"], row["kind"], row["behaviour"]) for row in BY_TRAIT}
    q_value = {(pair["left_cluster_id"], pair["right_cluster_id"]): pair["q_value"] for pair in pairs(sample_db)}
    found = []
    for trait in {row["cause_value"] for row in BY_TRAIT}:
        for kind, behaviour in {(row["kind"], row["behaviour"]) for row in BY_TRAIT}:
            if (trait, kind, behaviour) in planted:
                continue
            pair = (nearest(members, "user", trait).cluster_id, nearest(members, kind, behaviour).cluster_id)
            if q_value.get(pair, 1.0) < 0.05:
                found.append((trait, kind, behaviour, q_value[pair]))
    assert found == []


@pytest.mark.parametrize("relation", BY_MODEL, ids=lambda row: f"{row['cause_value']}-{row['behaviour']}-{row['kind']}")
def test_each_models_habit_is_found(
    relation: dict[str, str], members: dict[str, dict[str, set[str]]], sample_db: Warehouse
) -> None:
    target = nearest(members, relation["kind"], relation["behaviour"])
    assert target.f1 > 0.6
    found = sample_db.rows(
        "from group_contrasts where grouped_by = 'model' and group_value = $1 and cluster_id = $2",
        [relation["cause_value"], target.cluster_id],
    )
    assert found[0]["q_value"] < 0.01
    assert found[0]["odds_ratio_low"] > 3


def test_contrasts_between_models_name_the_two_with_a_habit(sample_db: Warehouse) -> None:
    strongest = sample_db.rows(
        "from group_contrasts where grouped_by = 'model' and odds_ratio > 1 order by q_value, cluster_id limit 3"
    )
    assert {row["group_value"] for row in strongest} == {"basalt-7b", "orchid-chat"}


def test_the_planted_tables_agree_with_one_another() -> None:
    for row in RELATIONS:
        has_kind = {
            name for name, planted in PLANTED.items() if row["kind"] != "thought" or planted["has_thoughts"] == "true"
        }
        column = "model" if row["cause"] == "model" else "user_trait"
        cause = {name for name in has_kind if PLANTED[name][column] == row["cause_value"]}
        shown = showing(row["kind"], row["behaviour"])
        assert int(row["n_with"]) == len(cause)
        assert float(row["share_with"]) == pytest.approx(len(cause & shown) / len(cause), abs=5e-4)
        assert float(row["share_without"]) == pytest.approx(
            len((has_kind - cause) & shown) / len(has_kind - cause), abs=5e-4
        )

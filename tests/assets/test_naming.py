"""The asset `cluster_names`: kept names, retries of vague labels, duplicates and personal data, against a server."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from featdisc_assets.asking.naming_rounds import UNFAITHFUL
from featdisc_assets.home.places import Home
from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.llm.surface_model import answer_by_rules
from featdisc_assets.stages.personal import personal
from featdisc_assets.warehouse import Warehouse
from tests.assets.namers import PERSONAL_NAMES, PERSONAL_WORDS, copy_of, matter_of, name_as_json, prompts_of
from tests.homes import materialise
from tests.loopback.server import MODEL, Loopback
from tests.planted_features import ASKS, MATTERS, cluster_by_hand, plant

# One cluster per matter, of twelve features each.
GROUPS = {f"user-{i:02d}": [f"{ask} {matter}" for ask in ASKS] for i, matter in enumerate(MATTERS[:8])}


def planted(folder: Path, groups: dict[str, list[str]]) -> Home:
    """A home with given clusters and vectors of their features."""
    rng, home = random.Random(0), Home(folder / "home")
    texts = [text for some in groups.values() for text in some]
    db = plant(home, [rng.sample(texts, 8) for _ in range(60)] + [texts[i : i + 8] for i in range(0, len(texts), 8)])
    materialise(home, ["embeddings"])
    cluster_by_hand(db, groups)
    centres(db)
    return home


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return planted(tmp_path_factory.mktemp("planted"), GROUPS)


@pytest.fixture
def home(finished: Home, tmp_path: Path) -> Home:
    return copy_of(finished, tmp_path)


def centres(db: Warehouse) -> None:
    """Set each cluster's centroid to the mean of its members' vectors."""
    db.run("""
        update clusters set centroid = found.centre from (
            select cluster_id, list(mean / norm order by i) as centre from (
                select cluster_id, i, mean, sqrt(sum(mean * mean) over (partition by cluster_id)) as norm from (
                    select cluster_id, i, avg(x) as mean
                    from (
                        select cluster_id, unnest(cast(vector as float[])) as x, unnest(range(384)) as i
                        from cluster_members inner join embeddings using (feature_id)
                    ) group by cluster_id, i
                )
            ) group by cluster_id
        ) as found where clusters.cluster_id = found.cluster_id""")


def name(home: Home, answer: Callable[[str], str], **settings: Any) -> tuple[Warehouse, Loopback]:  # noqa: ANN401
    """Name the home's clusters by a function of the prompt."""
    with Loopback(answer=answer, keep=True) as server:
        given = {"model": MODEL, "api_base": server.url, **settings}
        materialise(home, ["cluster_names"], cluster_names=given)
        return Warehouse(home.warehouse), server


def test_held_out_features_are_not_shown_and_neighbours_are(home: Home) -> None:
    db, server = name(home, lambda prompt: name_as_json(f"About {matter_of(prompt)}"))
    assert server.total == len(GROUPS)
    for prompt in prompts_of(server):
        fences = open_fence(prompt)
        shown = fences["features"].splitlines()
        assert len(shown) == 9
        assert not set(fences["neighbours"].splitlines()) & set(shown)
        assert fences["neighbours"]
    rows = db.rows("from cluster_names")
    assert all(row["label"] and len(row["sampled_feature_ids"]) == 9 and len(row["neighbour_ids"]) == 3 for row in rows)


def test_only_clusters_with_changed_members_are_named_again(home: Home) -> None:
    db, _ = name(home, lambda prompt: name_as_json(f"About {matter_of(prompt)}"))
    before = {row["cluster_id"]: row for row in db.rows("from cluster_names")}
    # All features become more common, which changes their order, and one cluster loses a member.
    db.run("update vocabulary set n_transcripts = n_transcripts + (hash(feature_id) % 40)")
    db.run(
        "update cluster_members set cluster_id = null where cluster_id = 'user-03' and feature_id ="
        " (select min(feature_id) from cluster_members where cluster_id = 'user-03')"
    )
    db, server = name(home, lambda prompt: name_as_json(f"On {matter_of(prompt)}"))
    assert server.total == 1
    after = {row["cluster_id"]: row for row in db.rows("from cluster_names")}
    changed = {key for key in after if after[key]["label"] != before[key]["label"]}
    assert changed == {"user-03"}


def test_max_clusters_names_the_largest(home: Home) -> None:
    db, server = name(home, lambda prompt: name_as_json(f"About {matter_of(prompt)}"), max_clusters=3)
    assert server.total == 3
    rows = db.rows("select label, status, n_transcripts from cluster_names inner join clusters using (cluster_id)")
    named = [row["n_transcripts"] for row in rows if row["label"]]
    assert min(named) >= max(row["n_transcripts"] for row in rows if row["status"] == "not_asked")


def test_labels_that_stay_equal_are_disambiguated_by_a_member(home: Home) -> None:
    db, _ = name(home, lambda prompt: name_as_json("The same again"), min_fidelity=0)
    labels = [row["label"] for row in db.rows("from cluster_names")]
    assert len({label.casefold() for label in labels}) == len(GROUPS)
    assert all(label.startswith("The same again") for label in labels)
    assert all(re.fullmatch(r"[\w ',/-]+", label) and len(label.split()) <= 10 for label in labels)


def test_a_vague_label_is_retried(home: Home) -> None:
    """The first names are those of other clusters; retries show what they got wrong."""

    def namer(prompt: str) -> str:
        fences = open_fence(prompt)
        own = matter_of(prompt)
        if "rejected" in fences:
            return name_as_json(f"About {own}", f"Somebody speaks of {own}.")
        other = MATTERS[(MATTERS.index(own) + 1) % 8]
        return name_as_json(f"About {other}", f"Somebody speaks of {other}.")

    db, server = name(home, namer)
    # A wrong label may separate a cluster from its neighbours by chance.
    poor = [row for row in db.rows("from cluster_names") if UNFAITHFUL in row["reasons"]]
    assert len(poor) >= 4
    assert all(MATTERS[int(row["cluster_id"][5:])] in row["label"] for row in poor)
    again = [open_fence(prompt) for prompt in prompts_of(server) if "rejected" in open_fence(prompt)]
    assert again
    assert all(fences["neighbours"] for fences in again)


def test_planted_names_and_addresses_are_masked(home: Home) -> None:
    def namer(prompt: str) -> str:
        label, description = PERSONAL_NAMES[MATTERS.index(matter_of(prompt)) % len(PERSONAL_NAMES)]
        return name_as_json(label, description)

    db, server = name(home, namer, min_fidelity=0)
    rows = db.rows("from cluster_names")
    whole = " ".join(f"{row['label']} {row['description']}" for row in rows)
    for word in PERSONAL_WORDS:
        assert word.casefold() not in whole.casefold()
    assert all(row["label"] for row in rows)
    assert any("private person" in prompt for prompt in prompts_of(server))
    # Those with a duplicate label were retried for that.
    assert all(row["reasons"] for row in rows)


def test_a_name_that_many_groups_share_stays(tmp_path: Path) -> None:
    groups = {f"user-{i:02d}": [f"{ask} New York {matter}" for ask in ASKS] for i, matter in enumerate(MATTERS[:4])}
    db, server = name(planted(tmp_path, groups), lambda prompt: name_as_json(f"New York and {matter_of(prompt)}"))
    assert all("New York" in row["label"] for row in db.rows("from cluster_names"))
    assert not any("private person's data" in prompt for prompt in prompts_of(server))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Written in English or Spanish", []),
        ("Mentions HTTP 404 and 503", []),
        ("Gives the years 1914 to 1918", []),
        ("Sells lemons in June", []),
        ("Helps maria with taxes", ["maria"]),
        ("Says that it is true", []),
    ],
)
def test_what_looks_personal(text: str, found: list[str]) -> None:
    assert personal(text) == found


def test_the_built_in_namer_answers_retries() -> None:
    prompt = """<features-0123456789ab>
Written in English
Written in French
</features-0123456789ab>
<rejected-0123456789ab>
Written in English or French
</rejected-0123456789ab>"""
    label = json.loads(answer_by_rules(prompt))["label"]
    assert label != "Written in English or French"

"""The assets `cluster_parents` and `parent_names`: counts, kept names, duplicates and personal data."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.llm.surface_model import answer_by_rules
from featdisc_assets.surface import name_parent
from featdisc_assets.warehouse import Warehouse
from tests.assets.namers import copy_of, matter_of, name_as_json, prompts_of
from tests.homes import materialise
from tests.loopback.server import MODEL, Loopback
from tests.planted_features import ASKS, MATTERS, plant

# Four areas of four themes of four clusters; a cluster is one feature.
AREAS, THEMES, CLUSTERS = 4, 4, 4
MATTER_OF = {f"user-{i:02d}": MATTERS[i // CLUSTERS] for i in range(AREAS * THEMES * CLUSTERS)}
TEXT_OF = {name: f"{ASKS[i % CLUSTERS]} {MATTER_OF[name]}" for i, name in enumerate(MATTER_OF)}
# As many themes as were planted, and areas over so few.
LEVELS = {"clusters_per_theme": CLUSTERS, "at_a_glance": 8, "most_areas": AREAS}


def planted(folder: Path) -> Home:
    """A home of clusters around themes around areas, each with its feature and its name; one transcript a theme."""
    home, texts = Home(folder / "home"), list(TEXT_OF.values())
    db = plant(home, [texts[i : i + CLUSTERS] for i in range(0, len(texts), CLUSTERS)] + [texts[:2]])
    random = np.random.default_rng(0)
    themes = np.repeat(random.normal(size=(AREAS, 16)) * 3, THEMES, axis=0) + random.normal(size=(AREAS * THEMES, 16))
    centroids = np.repeat(themes, CLUSTERS, axis=0) + 0.1 * random.normal(size=(len(texts), 16))
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    ids = {row["text"]: row["feature_id"] for row in db.rows("from vocabulary")}
    names, kinds = list(TEXT_OF), ["user"] * len(texts)
    members = {"feature_id": [ids[text] for text in texts], "kind": kinds, "cluster_id": names}
    db.replace({"cluster_members": pa.table(members)})
    centres = {"cluster_id": names, "kind": kinds, "coherence": [0.5] * len(texts)}
    vectors = pa.array(centroids.astype(np.float32).tolist(), pa.list_(pa.float32()))
    db.refill({"clusters": read_sql("fill/clusters")}, incoming={"centres": pa.table({**centres, "centroid": vectors})})
    db.run("""
        insert into cluster_names (cluster_id, label, description, sampled_feature_ids, neighbour_ids, status, model,
            prompt_version, request_key)
        select cluster_id, text, text || ', in a sentence.', [], [], 'ok', 'planted', 'p', 'k'
        from cluster_members inner join vocabulary using (feature_id)""")
    return home


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return planted(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def home(finished: Home, tmp_path: Path) -> Home:
    return copy_of(finished, tmp_path)


def matter(prompt: str) -> str:
    """The matter of a theme, the first of an area's."""
    return matter_of(prompt, "clusters")


def by_matter(prompt: str) -> str:
    """A theme is what its clusters are about; an area, whose themes are so called, has a label of another form."""
    labels = [line.partition("] ")[2].partition(": ")[0] for line in open_fence(prompt)["clusters"].splitlines()]
    is_area = all(label.startswith("About ") for label in labels)
    return name_as_json(f"All of {matter(prompt)} and others" if is_area else f"About {matter(prompt)}")


def name(
    home: Home,
    answer: Callable[[str], str] = by_matter,
    **settings: Any,  # noqa: ANN401
) -> tuple[Warehouse, Loopback]:
    """Group the home's clusters into parents and name those by a function of the prompt."""
    with Loopback(answer=answer, keep=True) as server:
        given = {"model": MODEL, "api_base": server.url, **settings}
        result = materialise(home, ["cluster_parents", "parent_names"], parent_names=given, cluster_parents=LEVELS)
        assert all(check.passed for check in result.get_asset_check_evaluations())
        return Warehouse(home.warehouse), server


def labels_of(db: Warehouse) -> dict[str, str]:
    return {row["parent_id"]: row["label"] for row in db.rows("from parent_names")}


def test_clusters_stand_in_themes_and_themes_in_areas(home: Home) -> None:
    db, server = name(home)
    assert server.total == server.requests["parent"] == AREAS * THEMES + AREAS
    tree = db.rows("from cluster_tree order by cluster_id")
    assert len(tree) == len(TEXT_OF)
    assert all(row["theme_label"] == f"About {MATTER_OF[row['cluster_id']]}" for row in tree)
    areas = db.rows("select area_id, list(distinct theme_label) as themes from cluster_tree group by area_id")
    whole = [{f"About {matter}" for matter in MATTERS[i : i + THEMES]} for i in range(0, AREAS * THEMES, THEMES)]
    assert sorted(sorted(row["themes"]) for row in areas) == sorted(sorted(some) for some in whole)
    assert len({row["area_label"] for row in tree}) == AREAS


def test_transcripts_count_once_whatever_they_show(home: Home) -> None:
    """Each theme's four clusters are all in one transcript, and two of the first theme's in another."""
    db, _ = name(home)
    rows = {row["label"]: row for row in db.rows("from parent_prevalence where level = 'theme'")}
    assert {name: row["n_transcripts"] for name, row in rows.items()} == {
        f"About {matter}": 1 + (matter == MATTERS[0]) for matter in MATTERS[: AREAS * THEMES]
    }
    first = rows[f"About {MATTERS[0]}"]
    assert (first["n_clusters"], first["n_features"], first["n_pieces"]) == (4, 4, 2)
    assert first["prevalence"] == pytest.approx(2 / 17)
    assert first["n_rated_transcripts"] == 17
    areas = db.rows("select n_clusters, n_transcripts from parents where level = 'area' order by n_transcripts desc")
    assert [tuple(row.values()) for row in areas] == [(16, 5), (16, 4), (16, 4), (16, 4)]


def test_names_of_clusters_are_shown_and_those_of_siblings(home: Home) -> None:
    _, server = name(home)
    for prompt in prompts_of(server):
        fences = open_fence(prompt)
        own, others = fences["clusters"].splitlines(), fences["neighbours"].splitlines()
        assert len(own) == 4
        assert others
        assert not {line.partition("] ")[2] for line in own} & {line.partition("] ")[2] for line in others}
    assert f"[1] {TEXT_OF['user-00']}: {TEXT_OF['user-00']}, in a sentence." in "\n".join(prompts_of(server))


def test_a_second_run_asks_nothing(home: Home) -> None:
    db, _ = name(home)
    before = db.rows("from parent_names order by parent_id")
    db, server = name(home)
    assert server.total == 0
    assert db.rows("from parent_names order by parent_id") == before


def test_only_parents_of_a_changed_name_are_named_again(home: Home) -> None:
    db, _ = name(home)
    before = labels_of(db)
    # Only labels matter, counts do not.
    db.run("update clusters set n_transcripts = n_transcripts + (hash(cluster_id) % 40)")
    db.run("update cluster_names set label = 'Hums a tune' where cluster_id = 'user-21'")
    db, server = name(home, lambda prompt: by_matter(prompt).replace("About", "About just"))
    # Its theme, and the area, whose theme has another name now.
    assert server.total == 2
    changed = [key for key, label in labels_of(db).items() if label != before[key]]
    assert sorted(key.split("-")[1] for key in changed) in (["theme"], ["area", "theme"])


def test_a_new_cluster_changes_its_theme_alone(home: Home) -> None:
    db, _ = name(home)
    before = labels_of(db)
    theme = db.scalar("select theme_id from cluster_parents where cluster_id = 'user-21'")
    db.run(
        "insert into clusters by name select * replace ('user-99' as cluster_id) from clusters"
        " where cluster_id = 'user-21'"
    )
    db.run(
        "insert into cluster_members by name select * replace ('f-new' as feature_id, 'user-99' as cluster_id)"
        " from cluster_members where cluster_id = 'user-21'"
    )
    db.run(
        "insert into cluster_names by name select * replace ('user-99' as cluster_id, 'New' as label)"
        " from cluster_names where cluster_id = 'user-21'"
    )
    db, server = name(home)
    assert db.scalar("select theme_id from cluster_parents where cluster_id = 'user-99'") == theme
    assert labels_of(db) == before
    assert server.total == 1


def test_another_prompt_asks_for_themes_and_areas_alone(home: Home, tmp_path: Path) -> None:
    name(home)
    own = tmp_path / "prompts" / "parent" / "name.md"
    own.parent.mkdir(parents=True)
    own.write_text("Be brief. ${clusters} ${neighbours}", encoding="utf-8")
    db, server = name(home, prompts_folder=str(tmp_path / "prompts"))
    assert server.total == AREAS * THEMES + AREAS
    assert all(prompt.startswith("Be brief.") for prompt in prompts_of(server))
    assert db.scalar("select count(*) from ratings where purpose != 'parent'") == 0
    # Going back asks nothing: the answers are stored.
    _, server = name(home)
    assert server.total == 0


def test_its_cost_is_a_row_of_spend(home: Home) -> None:
    db, _ = name(home, price_in=1.0, price_out=1.0)
    [row] = db.rows("select asset, sum(n_attempts) as n, sum(cost_usd) as cost from spend group by asset")
    assert (row["asset"], row["n"]) == ("parent_names", AREAS * THEMES + AREAS)
    assert row["cost"] > 0


def test_equal_names_are_disambiguated(home: Home) -> None:
    def stubborn(prompt: str) -> str:
        return name_as_json("The same again")

    db, server = name(home, stubborn)
    for level, n in (("theme", AREAS * THEMES), ("area", AREAS)):
        labels = [row["label"] for row in db.rows("from parent_prevalence where level = $1", [level])]
        assert len({label.casefold() for label in labels}) == n
        assert all(label.startswith("The same again") for label in labels)
    again = [open_fence(prompt) for prompt in prompts_of(server) if open_fence(prompt).get("rejected")]
    assert len(again) == AREAS * THEMES - 1 + AREAS - 1
    assert all(fences["rejected"] == "The same again" and fences["neighbours"] for fences in again)


def test_invented_personal_data_is_masked(home: Home) -> None:
    def gossip(prompt: str) -> str:
        return name_as_json(f"Maria Gonzalez on {matter(prompt)}", "Write to jane.doe@example.org about it.")

    db, _ = name(home, gossip)
    whole = " ".join(f"{row['label']} {row['description']}" for row in db.rows("from parent_names"))
    assert "Gonzalez" not in whole
    assert "example.org" not in whole


def test_private_clusters_name_no_theme(home: Home) -> None:
    """Except for a theme of private clusters only, which is marked."""
    private = ["user-05", *(f"user-{i:02d}" for i in range(12, 16))]
    Warehouse(home.warehouse).run(f"""
        insert into cluster_hygiene select cluster_id, kind, 1, 1, 1, 1, 1, cluster_id in {tuple(private)}, 1, 0, false
        from clusters""")
    db, server = name(home)
    shown = "\n".join(open_fence(prompt)["clusters"] for prompt in prompts_of(server))
    assert TEXT_OF["user-05"] not in shown
    assert TEXT_OF["user-12"] in shown
    rows = db.rows("select label from parent_prevalence where is_private")
    assert [row["label"] for row in rows] == [f"About {MATTERS[3]}"]
    areas = [
        open_fence(prompt)["clusters"] for prompt in prompts_of(server) if "] About" in open_fence(prompt)["clusters"]
    ]
    assert len(areas) == AREAS
    assert not any(f"About {MATTERS[3]}" in area for area in areas)


def test_a_theme_of_one_named_cluster_has_its_name(home: Home) -> None:
    Warehouse(home.warehouse).run(
        "update cluster_names set label = null where cluster_id not in ('user-00', 'user-20')"
    )
    db, server = name(home)
    rows = db.rows("select label, status from parent_names where label is not null order by label")
    assert server.total == 0
    # An area of one named theme has the theme's name.
    assert [row["label"] for row in rows] == [TEXT_OF["user-00"]] * 2 + [TEXT_OF["user-20"]] * 2


def test_a_failed_name_is_a_row_and_the_next_run_asks_for_it(home: Home) -> None:
    with Loopback(answer=lambda prompt: "nothing like JSON" if MATTERS[2] in prompt else by_matter(prompt)) as server:
        given = {"model": MODEL, "api_base": server.url, "max_attempts": 1}
        result = materialise(home, ["cluster_parents", "parent_names"], parent_names=given, cluster_parents=LEVELS)
    [check] = [found for found in result.get_asset_check_evaluations() if found.check_name == "every_parent_is_named"]
    assert not check.passed
    db = Warehouse(home.warehouse)
    # An area none of whose themes has a name is not asked for.
    failed = db.rows("from parent_names where label is null and status != 'not_asked'")
    assert failed
    assert all(row["status"] == "invalid" and row["error"] for row in failed)
    db, _ = name(home, retry_failed=True)
    assert db.scalar("select count(*) from parent_names where label is null") == 0


def test_the_built_in_namer_names_themes_by_their_labels() -> None:
    labels = ["Declines the request", "Refuses again when pressed", "Covers soup"]
    label, description = name_parent(labels, ["Praises the user"])
    assert label == "Declines the request and the like"
    assert description.startswith("3 groups")
    assert description.endswith("the widest being: Declines the request.")
    again, _ = name_parent(labels, [], [label])
    assert again != label
    assert (
        name_parent(["Brings up goats", "Topics such as rye and oats"], [])[0] == "Topics such as goats, rye and oats"
    )
    prompt = "<clusters-0123456789ab>\n[1] Asks: A.\n[2] Asks why: B.\n</clusters-0123456789ab>\n" + (
        "<neighbours-0123456789ab>\n\n</neighbours-0123456789ab>"
    )
    assert json.loads(answer_by_rules(prompt))["label"].endswith(" and the like")

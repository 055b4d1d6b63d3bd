"""Interest scores by a server that is lenient with whole batches: leniency is measured, stored and removed."""

import json
from pathlib import Path

import numpy as np
import pytest

from featdisc_assets.home.places import Home
from featdisc_assets.llm.prompts import open_fence
from featdisc_assets.warehouse import Warehouse
from tests.homes import materialise
from tests.loopback.server import MODEL, Loopback
from tests.planted_features import MATTERS, cluster_by_hand, plant

CLUSTERS = [f"{matter} {ending}" for matter in MATTERS for ending in ("at home", "at work", "abroad", "in court")]
# What each is worth, whoever is shown beside it.
WORTH = {name: 20 + 60 * i // len(CLUSTERS) for i, name in enumerate(CLUSTERS)}
LENIENCY = 14


def lenient(prompt: str) -> str:
    """Scores by worth, with a constant added in random batches."""
    lines = [line for line in open_fence(prompt)["clusters"].splitlines() if line.startswith("[")]
    names = [line.partition("] ")[2].partition(":")[0] for line in lines]
    more = LENIENCY if sum(map(len, names)) % 2 else -LENIENCY
    scores = [{"cluster": n, "score": WORTH[name[:1].lower() + name[1:]] + more} for n, name in enumerate(names, 1)]
    return json.dumps({"scores": scores})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """96 named clusters, each of one feature."""
    home = Home(tmp_path / "home")
    db = plant(home, [[name] for name in CLUSTERS])
    cluster_by_hand(db, {f"user-{i:02d}": [name] for i, name in enumerate(CLUSTERS)})
    db.run("""
        insert into cluster_names by name
        select cluster_id, text as label, text as description, [] as sampled_feature_ids, [] as neighbour_ids,
            'ok' as status, 'm' as model, 'p' as prompt_version, 'k' as request_key
        from cluster_members inner join vocabulary using (feature_id)""")
    return home


def test_a_known_batch_effect_is_reported_and_averaged_out(home: Home) -> None:
    with Loopback(answer=lenient) as server:
        given = {"model": MODEL, "api_base": server.url}
        materialise(home, ["cluster_interest"], cluster_interest=given)
        assert server.requests["interest"] == 20
        materialise(home, ["cluster_interest"], cluster_interest=given)
        assert server.requests["interest"] == 20
    db = Warehouse(home.warehouse)
    rows = db.rows("from cluster_interest inner join cluster_names using (cluster_id)")
    worth = np.array([WORTH[row["label"]] for row in rows])
    raw, interest = (np.array([row[name] for row in rows]) for name in ("raw_interest", "interest"))
    assert np.std(raw - worth) > 6
    assert np.std(interest - worth) < 1
    [said] = db.rows("from interest_agreement")
    assert said["batch_sd"] == pytest.approx(LENIENCY, rel=0.2)
    assert said["batch_p"] < 1e-6
    assert said["rank_correlation"] < 0.9
    assert said["rank_correlation_adjusted"] > 0.99
    assert db.scalar("select count(*) from interest_scores") == 2 * len(CLUSTERS)
    assert db.scalar("select count(distinct batch) from interest_scores where round = 1") == 10
    spread = db.scalar("select max(abs(score - batch_effect - adjusted)) from interest_scores")
    assert spread == pytest.approx(0, abs=1e-9)

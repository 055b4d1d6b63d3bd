"""Homes with planted features, so that tests know which of them are artefacts of the method."""

import hashlib
import itertools
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.warehouse import Warehouse
from tests.homes import prepared

# Features without any artefact.
ASKS = [
    "Asks for", "Wants help with", "Shares a draft of", "Complains about", "Compares two kinds of", "Worries about",
    "Corrects the model on", "Boasts of", "Jokes about", "Recalls a memory of", "Plans a party around", "Sells",
]  # fmt: skip
MATTERS = [
    "a bread recipe", "tax returns", "garden snails", "a violin concerto", "broken windows", "sailing boats",
    "sorting algorithms", "a wedding speech", "train timetables", "knitted socks", "volcanic islands", "old coins",
    "football tactics", "sleeping badly", "mountain bikes", "moral philosophy", "a cover letter", "street food",
    "chess openings", "wild mushrooms", "a stubborn cough", "rental contracts", "night photography", "beekeeping",
]  # fmt: skip
CLEAN = [f"{ask} {matter}" for ask, matter in itertools.product(ASKS, MATTERS)]


def clean_lists(n: int, *, seed: int = 0) -> list[list[str]]:
    """Lists of 8 to 15 features each, drawn at random."""
    rng = random.Random(seed)
    return [rng.sample(CLEAN, rng.randint(8, 15)) for _ in range(n)]


def plant(home: Home, lists: Sequence[Sequence[str]], texts: Mapping[int, str] | None = None) -> Warehouse:
    """Fill a home with one-turn user transcripts, each with a list of features as a rater would write it.

    Args:
        home: The home to fill.
        lists: The features of each transcript's piece.
        texts: Texts of some pieces, by transcript number; the others get a numbered text.
    """
    db = prepared(home)
    names = [f"t{i:04d}" for i in range(len(lists))]
    piece_texts = [(texts or {}).get(i, f"Message number {i}.") for i in range(len(lists))]
    hashes = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in piece_texts]
    n = len(lists)
    written = [
        (text_hash, i, text) for text_hash, some in zip(hashes, lists, strict=True) for i, text in enumerate(some)
    ]
    plan = {
        "kind": "user", "model": "planted", "prompt_version": "p", "min_features": 10, "max_features": 20,
        "max_tokens": 100, "n_pieces": n, "n_texts": n, "n_answered": n, "n_failed": 0, "n_pending": 0,
        "pending_tokens_in": 0, "pending_tokens_out": 0, "mode": "live",
    }  # fmt: skip
    schema = db.schema("rating_plan")
    db.replace(
        {
            "rating_plan": pa.Table.from_pylist([plan], schema=pa.schema([schema.field(name) for name in plan])),
            "transcripts": pa.table(
                {
                    "transcript_id": names,
                    "source": ["planted"] * n,
                    "content_hash": names,
                    "n_turns": pa.array([1] * n, pa.int32()),
                }
            ),
            "pieces": pa.table(
                {
                    "piece_id": [f"p{name}" for name in names],
                    "transcript_id": names,
                    "kind": ["user"] * n,
                    "turn_index": pa.array([0] * n, pa.int32()),
                    "text": piece_texts,
                    "text_hash": hashes,
                    "n_chars": pa.array([len(text) for text in piece_texts], pa.int32()),
                    "is_truncated": [False] * n,
                }
            ),
            "rated_texts": pa.table(
                {
                    "kind": ["user"] * n,
                    "text_hash": hashes,
                    "request_key": names,
                    "model": ["planted"] * n,
                    "prompt_version": ["p"] * n,
                    "status": ["ok"] * n,
                    "n_features": pa.array([len(some) for some in lists], pa.int32()),
                }
            ),
            "text_features": pa.table(
                {
                    "kind": ["user"] * len(written),
                    "text_hash": [text_hash for text_hash, _, _ in written],
                    "position": pa.array([i for _, i, _ in written], pa.int32()),
                    "text": [text for _, _, text in written],
                }
            ),
        }
    )
    db.refill({name: read_sql(f"fill/{name}") for name in ("vocabulary", "features")})
    return db


def cluster_by_hand(db: Warehouse, groups: Mapping[str, Sequence[str]]) -> None:
    """Write clusters with the given features, by text. All centres are equal."""
    ids = {row["text"]: row["feature_id"] for row in db.rows("from vocabulary")}
    members = [(ids[text], cluster_id) for cluster_id, texts in groups.items() for text in texts]
    add_clusters(db, pa.array([member[0] for member in members]), pa.array([member[1] for member in members]))


def add_clusters(db: Warehouse, feature_ids: pa.Array, cluster_ids: pa.Array) -> None:
    """Replace the clusters by the given ones, with equal centres: one cluster id per feature id."""
    n, clusters = len(feature_ids), cluster_ids.unique()
    kinds = pa.array(["user"] * n)
    members = {"feature_id": feature_ids, "kind": kinds, "cluster_id": cluster_ids, "similarity": np.full(n, 0.5)}
    db.replace({"cluster_members": pa.table(members)})
    centres = {
        "cluster_id": clusters,
        "kind": ["user"] * len(clusters),
        "coherence": np.full(len(clusters), 0.5),
        "centroid": pa.array([[0.5] * 4] * len(clusters), pa.list_(pa.float32())),
    }
    db.refill({"clusters": read_sql("fill/clusters")}, incoming={"centres": pa.table(centres)})

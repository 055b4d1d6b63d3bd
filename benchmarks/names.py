"""What hygiene and the trial of labels cost as features grow: no model is asked, vectors are drawn at random.

    python -m benchmarks.names [number of pieces ...]

Every piece has fifteen features, nine in ten of them its own; a cluster has 225 features, as at the published study's
scale (300,000 pieces, 4.5 million features, 20,000 clusters).
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from featdisc_assets import encoders
from featdisc_assets.asking.label_trials import LabelTrial, mean_by_kind, try_labels
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.warehouse import Warehouse, vector_array
from tests.homes import materialise
from tests.planted_features import plant

FEATURES = 15
MEMBERS = 225
WIDTH = 384
SAMPLING = {"sample_size": 100, "seed": 0, "hold_out": 0.25, "max_clusters": 0}

ENCODER = encoders.load(encoders.BUNDLED, backend="auto", precision="auto").identity


def _features(n: int) -> list[list[str]]:
    rng = np.random.default_rng(0)
    verbs = ["Asks for", "Avoids", "Explains", "Doubts", "Offers", "Counts", "Refuses", "Praises"]
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 7)) for _ in range(20_000)]
    verb, one, two = (rng.integers(0, high, n * FEATURES) for high in (len(verbs), 20_000, 20_000))
    common = rng.random(n * FEATURES) < 0.1
    texts = [
        f"{verbs[v]} {words[a % 50 if c else a]} {words[0 if c else b]}"
        for v, a, b, c in zip(verb.tolist(), one.tolist(), two.tolist(), common.tolist(), strict=True)
    ]
    return [list(dict.fromkeys(texts[at : at + FEATURES])) for at in range(0, len(texts), FEATURES)]


def _prepare(home: Home, n: int) -> Warehouse:
    db = plant(home, _features(n))
    ids = db.read("select feature_id from vocabulary order by feature_id")["feature_id"].combine_chunks()
    rng = np.random.default_rng(1)
    db.run(f"insert into encoders select '{ENCODER}', 384, true")
    for start in range(0, len(ids), 50_000):
        some = ids[start : start + 50_000]
        vectors = rng.standard_normal((len(some), WIDTH), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        db.append(
            "embeddings",
            pa.table(
                {
                    "feature_id": some,
                    "encoder": [ENCODER] * len(some),
                    "vector": vector_array(vectors),
                }
            ),
        )
    names = pa.array([f"user-{i // MEMBERS:05d}" for i in range(len(ids))])
    kind = pa.array(["user"] * len(ids))
    members = {"feature_id": ids, "kind": kind, "cluster_id": names, "similarity": np.full(len(ids), 0.5)}
    db.replace({"cluster_members": pa.table(members)})
    clusters = names.unique()
    centres = pa.table(
        {
            "cluster_id": clusters,
            "kind": ["user"] * len(clusters),
            "coherence": np.full(len(clusters), 0.5),
            "centroid": pa.array([[0.5] * 4] * len(clusters), pa.list_(pa.float32())),
        }
    )
    db.refill({"clusters": read_sql("fill/clusters")}, incoming={"centres": centres})
    return db


def _measure(what: str, n: int, work: object) -> None:
    wall, cpu = time.monotonic(), time.process_time()
    work()  # type: ignore[operator]
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{n:>8,} pieces  {what:<22} {wall:7.1f} s {cpu:7.1f} CPU s  {peak:.2f} GB", flush=True)


def _try(db: Warehouse) -> None:
    named = db.rows("select cluster_id, any_value(kind) as kind from clusters group by cluster_id order by cluster_id")
    ids = [row["cluster_id"] for row in named]
    trials = [
        LabelTrial(name, "user", "a label", "a sentence", [ids[(at + step) % len(ids)] for step in (1, 2, 3)], [])
        for at, name in enumerate(ids)
    ]
    vectors = np.random.default_rng(2).standard_normal((len(ids), WIDTH), np.float32)
    try_labels(db, trials, vectors, mean_by_kind(vectors, [trial.kind for trial in trials]), per_side=40)


def main() -> None:
    """Measure each number of pieces given, in a folder of its own."""
    for n in [int(argument) for argument in sys.argv[1:]] or [10_000, 20_000]:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            db = _prepare(home, n)
            counted = db.scalar("select count(*) from vocabulary"), db.scalar("select count(*) from clusters")
            print(f"{n:>8,} pieces: {counted[0]:,} distinct features in {counted[1]:,} clusters")
            _measure(
                "samples for the namer", n, lambda db=db: db.read(read_sql("read/name_samples"), variables=SAMPLING)
            )
            _measure("labels on trial", n, lambda db=db: _try(db))
            _measure("feature_hygiene", n, lambda home=home: materialise(home, ["feature_hygiene"]))


if __name__ == "__main__":
    main()

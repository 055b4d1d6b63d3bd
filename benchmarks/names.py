"""Cost of feature hygiene and label trials as the number of features grows. No model calls; vectors are random.

    python -m benchmarks.names [number of pieces ...]

Every piece has fifteen features, of which 90% are distinct. A cluster has 225 features, as in the published study
(300,000 pieces, 4.5 million features, 20,000 clusters).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measuring import timed
from featdisc_assets import encoders
from featdisc_assets.asking.label_trials import LabelTrial, mean_by_kind, try_labels
from featdisc_assets.home.places import Home, read_sql
from featdisc_assets.warehouse import Warehouse, vector_array
from tests.homes import materialise
from tests.planted_features import add_clusters, plant

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
        batch = ids[start : start + 50_000]
        vectors = rng.standard_normal((len(batch), WIDTH), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        columns = {"feature_id": batch, "encoder": [ENCODER] * len(batch), "vector": vector_array(vectors)}
        db.append("embeddings", pa.table(columns))
    add_clusters(db, ids, pa.array([f"user-{i // MEMBERS:05d}" for i in range(len(ids))]))
    return db


def _run_trials(db: Warehouse) -> None:
    named = db.rows("select cluster_id, any_value(kind) as kind from clusters group by cluster_id order by cluster_id")
    ids = [row["cluster_id"] for row in named]
    trials = [
        LabelTrial(name, "user", "a label", "a sentence", [ids[(at + step) % len(ids)] for step in (1, 2, 3)], [])
        for at, name in enumerate(ids)
    ]
    vectors = np.random.default_rng(2).standard_normal((len(ids), WIDTH), np.float32)
    try_labels(db, trials, vectors, mean_by_kind(vectors, [trial.kind for trial in trials]), per_side=40)


def main() -> None:
    """Measure each given number of pieces, each in a new home."""
    for n in [int(argument) for argument in sys.argv[1:]] or [10_000, 20_000]:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder))
            db = _prepare(home, n)
            counts = db.scalar("select count(*) from vocabulary"), db.scalar("select count(*) from clusters")
            print(f"{n:>8,} pieces: {counts[0]:,} distinct features in {counts[1]:,} clusters")
            with timed(f"{n:>8,} pieces, samples for naming"):
                db.read(read_sql("read/name_samples"), variables=SAMPLING)
            with timed(f"{n:>8,} pieces, label trials"):
                _run_trials(db)
            with timed(f"{n:>8,} pieces, feature_hygiene"):
                materialise(home, ["feature_hygiene"])


if __name__ == "__main__":
    main()

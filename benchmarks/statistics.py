"""The statistics at the study's scale, beside the plain way.

    python -m benchmarks.statistics [pairs|contrasts|probes ...] [--transcripts N] [--clusters K] [--targets T]

A warehouse of made-up transcripts: three kinds, so many clusters a kind, fifteen features a piece, cluster frequencies
by a power law, six models. `pairs`, `contrasts` and `probes` time what the assets do (wall and CPU seconds, peak
resident memory) and the plain way: pandas' merge and crosstab on a tenth of the transcripts; pandas' crosstab of
clusters and models and scipy's test of a thousand of its cells; the same fits of ten targets by scikit-learn, one
after another. What they find where nothing is: `benchmarks/chance`.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.stats import fisher_exact
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss, precision_recall_curve
from threadpoolctl import threadpool_limits

from featdisc_assets.assets.cooccurrence import DIRECTIONS, pairs_of
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import probing
from featdisc_assets.statistics.group_contrasts import contrast_groups
from featdisc_assets.warehouse import Warehouse

PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)
_TABLES = {
    "transcripts": """
        select 't' || i as transcript_id, 'made-up' as source, 'model-' || (i % 6) as model,
            case when $grouped then 'g' || (i // 6) end as group_key, 'h' as content_hash, 1 as n_turns
        from range($n) as numbers (i)""",
    "pieces": """
        select transcript_id || kind as piece_id, transcript_id, kind, 0 as turn_index, '' as text,
            transcript_id || kind as text_hash, 500 as n_chars, false as is_truncated
        from transcripts cross join (select unnest(['user', 'thought', 'response']) as kind)""",
    "rated_texts": """
        select kind, text_hash, 'k' as request_key, 'm' as model, 'p' as prompt_version, 'ok' as status,
            15 as n_features
        from pieces""",
    "features": """
        select piece_id, kind || '-' || least(floor(pow(random(), 2.2) * $k)::bigint, $k - 1) || '-'
            || (random() * 60)::int as feature_id, p as position
        from pieces cross join range(15) as places (p)""",
    "cluster_members": """
        select distinct feature_id, split_part(feature_id, '-', 1) as kind,
            split_part(feature_id, '-', 1) || '-' || split_part(feature_id, '-', 2) as cluster_id, 1.0 as similarity
        from features""",
    "clusters": """
        select cluster_id, kind, count(*) as n_features, 1 as n_pieces, 1 as n_transcripts, 1.0 as coherence,
            list_transform(range(8), x -> 0.35::float) as centroid
        from cluster_members group by cluster_id, kind""",
}


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print wall and CPU seconds, and the most memory the process has held so far."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"| {what} | {time.perf_counter() - wall:.1f} | {time.process_time() - cpu:.1f} | {peak:.2f} GB |", flush=True
    )


def made_up(folder: Path, n: int, clusters: int, *, grouped: bool) -> Warehouse:
    """A warehouse as it is after clustering."""
    db = Warehouse(folder / "warehouse.duckdb", memory_limit="2GB")
    db.prepare()
    values: dict[str, Any] = {"n": n, "k": clusters, "grouped": grouped}
    with db.transaction() as connection:
        connection.execute("select setseed(0.5)")
        for table, select in _TABLES.items():
            used = {name: value for name, value in values.items() if f"${name}" in select}
            connection.execute(f"insert into {table} by name {select}", used)
    return db


def pairs(db: Warehouse) -> None:
    """All three directions, read, tested and written."""
    with measured("co-occurrence of three directions, tested"):
        ids, centroids = db.matrix("select cluster_id, centroid as vector from clusters order by cluster_id")
        for left, right in DIRECTIONS:
            found = pairs_of(db, left, right, ids, centroids, min_support=5)
            db.append("cooccurrence", found)
            print(f"{left} x {right}: {len(found):,} pairs", flush=True)
    tenth = "select * from transcript_clusters where kind in ('user', 'response') and hash(transcript_id) % 10 = 0"
    with measured("plain: pandas merge and crosstab, one direction, a tenth of the transcripts, untested"):
        import pandas as pd  # noqa: PLC0415 - what it is measured against

        cells = db.read(tenth).to_pandas()
        lefts, rights = (cells[cells["kind"] == kind] for kind in ("user", "response"))
        both = lefts.merge(rights, on="transcript_id")
        print(pd.crosstab(both["cluster_id_x"], both["cluster_id_y"]).shape)


def contrasts(db: Warehouse) -> None:
    """Six models and their source."""
    asked = [{"grouped_by": "model", "group_value": f"model-{i}", "versus": None} for i in range(6)]
    with measured("contrasts of six models, tested"):
        counts = db.read(read_sql("read/group_contrasts"), variables={"comparisons": asked})
        found = contrast_groups(counts.drop_columns(["versus"]), family=["grouped_by"], min_support=5)
        db.replace({"group_contrasts": found})
    print(f"{len(found):,} contrasts, design {found['design'][0]}")
    with measured("plain: pandas' crosstab by model, scipy's exact test of 1,000 of its cells"):
        import pandas as pd  # noqa: PLC0415 - what it is measured against

        cells = db.read("select cluster_id, model from transcript_clusters join transcripts using (transcript_id)")
        frame = cells.to_pandas()
        table = pd.crosstab(frame["cluster_id"], frame["model"]).to_numpy()
        of_model = db.read("select count(*) as n from transcripts group by model order by model")["n"].to_numpy()
        some = np.random.default_rng(0).choice(table.size, 1_000, replace=False)
        for row, column in zip(*np.unravel_index(some, table.shape), strict=True):
            shown, others = int(table[row, column]), int(table[row].sum() - table[row, column])
            rest = int(of_model.sum() - of_model[column])
            fisher_exact([[shown, int(of_model[column]) - shown], [others, rest - others]])


def cells_of(n: int, clusters: int, per: int, random: np.random.Generator) -> sparse.csr_matrix:
    """Transcripts x clusters by the same power law."""
    columns = np.minimum((random.random(n * per) ** 2.2 * clusters).astype(np.int64), clusters - 1)
    x = sparse.csr_matrix((np.ones(n * per, np.float32), (np.repeat(np.arange(n), per), columns)), (n, clusters))
    x.data[:] = 1
    return x


def probes(n: int, clusters: int, targets: int) -> None:
    """Targets that follow four clusters of the user's turns, more or less."""
    random = np.random.default_rng(0)
    x = cells_of(n, clusters, 15, random)
    y = np.empty((n, targets), bool)
    for j in range(targets):
        chosen = random.choice(min(300, clusters), 4, replace=False)
        score = np.asarray(x[:, chosen] @ random.normal(2, 1, 4)).ravel()
        y[:, j] = random.random(n) < 1 / (1 + np.exp(4 + 1.5 * random.random() - score))
    knobs = probing.Knobs(1, 4, 1, PENALTIES, 5, 400, 0)
    groups = [f"g{i}" for i in range(n)]
    plain = sparse.csr_matrix(random.normal(size=(n, 1)))
    sparse_y = sparse.csc_matrix(y)
    with measured(f"{targets:,} probes, five penalties each, threshold, three baselines, intervals"):
        found, _ = probing.probe_all(
            x, plain, sparse_y, groups, folds=5, knobs=knobs, threads=2, report=lambda done: print(done, flush=True)
        )
    test = probing.fold_of(groups, folds=5, seed=0) == 0
    some = range(0, targets, max(1, targets // 10))
    theirs = []
    with (
        measured(f"plain: scikit-learn, the same fits of {len(some)} targets, one after another"),
        threadpool_limits(1),
    ):
        for j in some:
            theirs.append(_plain_f1(x, y[:, j], test, random))
            _plain_f1(x, random.permutation(y[:, j]), test, random)
    ours = [found[j].f1 or 0.0 for j in some]
    print(f"F1 ours {np.mean(ours):.4f}, scikit-learn {np.mean(theirs):.4f}; most apart "
          f"{max(abs(a - b) for a, b in zip(ours, theirs, strict=True)):.4f}")  # fmt: skip


def _plain_f1(x: sparse.csr_matrix, y: np.ndarray, test: np.ndarray, random: np.random.Generator) -> float:
    """F1 of held-out rows: penalty and threshold from a quarter of the others, then one fit of all of those."""
    inner = ~test & (random.random(len(y)) < 0.75)
    judged = ~test & ~inner
    fits = [LogisticRegression(C=c, max_iter=200).fit(x[inner], y[inner]) for c in PENALTIES]
    chances = [fit.predict_proba(x[judged])[:, 1] for fit in fits]
    best = int(np.argmin([log_loss(y[judged], chance) for chance in chances]))
    precision, recall, thresholds = precision_recall_curve(y[judged], chances[best])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    model = LogisticRegression(C=PENALTIES[best], max_iter=200).fit(x[~test], y[~test])
    chosen = model.predict_proba(x[test])[:, 1] >= thresholds[f1[:-1].argmax()]
    return float(f1_score(y[test], chosen))


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["pairs", "contrasts", "probes"])
    parser.add_argument("--transcripts", type=int, default=100_000)
    parser.add_argument("--clusters", type=int, default=6_700)
    parser.add_argument("--targets", type=int, default=1_000)
    parser.add_argument("--grouped", action="store_true", help="six transcripts to a group key")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if {"pairs", "contrasts"} & set(given.parts):
            db = made_up(Path(folder), given.transcripts, given.clusters, grouped=given.grouped)
            instances = db.scalar("select count(*) from features")
            print(f"{instances:,} instances, made with {resource_peak():.2f} GB", flush=True)
            if "pairs" in given.parts:
                pairs(db)
            if "contrasts" in given.parts:
                contrasts(db)
    if "probes" in given.parts:
        probes(given.transcripts, given.clusters, given.targets)


def resource_peak() -> float:
    """The most memory the process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()

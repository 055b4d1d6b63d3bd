"""Cost of the statistics at the size of the published study, beside a plain implementation.

    python -m benchmarks.statistics [pairs|contrasts|probes ...] [--transcripts 100000] [--clusters 6700]
        [--targets 1000] [--grouped]

A generated warehouse: three kinds, `--clusters` clusters per kind, fifteen features per piece, cluster frequencies by a
power law, six models; with `--grouped`, six transcripts per group. The plain implementations are pandas' merge and
crosstab on a tenth of the transcripts; pandas' crosstab of clusters and models with scipy's test of a thousand cells;
and the same fits of ten targets with scikit-learn, one after another. For false discoveries see `benchmarks.chance`.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.stats import fisher_exact
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss, precision_recall_curve
from threadpoolctl import threadpool_limits

from benchmarks.measuring import parser, timed
from featdisc_assets.assets.cooccurrence import DIRECTIONS, pairs_of
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import probing
from featdisc_assets.statistics.contrasts import contrast_groups
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


def make_warehouse(folder: Path, n: int, clusters: int, *, grouped: bool) -> Warehouse:
    """Make a warehouse in the state after clustering."""
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
    """Time all three directions: read, test and write."""
    with timed("co-occurrence of three directions, tested"):
        ids, centroids = db.matrix("select cluster_id, centroid as vector from clusters order by cluster_id")
        for left, right in DIRECTIONS:
            found = pairs_of(db, left, right, ids, centroids, min_support=5)
            db.append("cooccurrence", found)
            print(f"{left} x {right}: {len(found):,} pairs", flush=True)
    tenth = "select * from transcript_clusters where kind in ('user', 'response') and hash(transcript_id) % 10 = 0"
    with timed("plain: pandas merge and crosstab, one direction, a tenth of the transcripts, no tests"):
        import pandas as pd  # noqa: PLC0415 - only the comparison needs it

        cells = db.read(tenth).to_pandas()
        lefts, rights = (cells[cells["kind"] == kind] for kind in ("user", "response"))
        both = lefts.merge(rights, on="transcript_id")
        print(pd.crosstab(both["cluster_id_x"], both["cluster_id_y"]).shape)


def contrasts(db: Warehouse) -> None:
    """Time the contrasts of six models."""
    asked = [{"grouped_by": "model", "group_value": f"model-{i}", "versus": None} for i in range(6)]
    with timed("contrasts of six models, tested"):
        counts = db.read(read_sql("read/group_contrasts"), variables={"comparisons": asked})
        found = contrast_groups(counts.drop_columns(["versus"]), family=["grouped_by"], min_support=5)
        db.replace({"group_contrasts": found})
    print(f"{len(found):,} contrasts, design {found['design'][0]}")
    with timed("plain: pandas crosstab by model, scipy's exact test of 1,000 cells"):
        import pandas as pd  # noqa: PLC0415 - only the comparison needs it

        cells = db.read("select cluster_id, model from transcript_clusters join transcripts using (transcript_id)")
        frame = cells.to_pandas()
        table = pd.crosstab(frame["cluster_id"], frame["model"]).to_numpy()
        of_model = db.read("select count(*) as n from transcripts group by model order by model")["n"].to_numpy()
        sampled = np.random.default_rng(0).choice(table.size, 1_000, replace=False)
        for row, column in zip(*np.unravel_index(sampled, table.shape), strict=True):
            shown, others = int(table[row, column]), int(table[row].sum() - table[row, column])
            rest = int(of_model.sum() - of_model[column])
            fisher_exact([[shown, int(of_model[column]) - shown], [others, rest - others]])


def random_cells(n: int, clusters: int, per: int, random: np.random.Generator) -> sparse.csr_matrix:
    """Random transcripts x clusters with the power law of the warehouse."""
    columns = np.minimum((random.random(n * per) ** 2.2 * clusters).astype(np.int64), clusters - 1)
    x = sparse.csr_matrix((np.ones(n * per, np.float32), (np.repeat(np.arange(n), per), columns)), (n, clusters))
    x.data[:] = 1
    return x


def probes(n: int, clusters: int, targets: int) -> None:
    """Time probes of targets that each depend on four clusters of the user turns."""
    random = np.random.default_rng(0)
    x = random_cells(n, clusters, 15, random)
    y = np.empty((n, targets), bool)
    for j in range(targets):
        causes = random.choice(min(300, clusters), 4, replace=False)
        score = np.asarray(x[:, causes] @ random.normal(2, 1, 4)).ravel()
        y[:, j] = random.random(n) < 1 / (1 + np.exp(4 + 1.5 * random.random() - score))
    knobs = probing.Knobs(1, 4, 1, PENALTIES, 5, 400, 0)
    groups = [f"g{i}" for i in range(n)]
    plain = sparse.csr_matrix(random.normal(size=(n, 1)))
    sparse_y = sparse.csc_matrix(y)
    with timed(f"{targets:,} probes, five penalties each, threshold, three baselines, intervals"):
        found, _ = probing.probe_all(
            x, plain, sparse_y, groups, folds=5, knobs=knobs, threads=2, report=lambda done: print(done, flush=True)
        )
    test = probing.fold_of(groups, folds=5, seed=0) == 0
    sampled = range(0, targets, max(1, targets // 10))
    sklearn_f1 = []
    with (
        timed(f"plain: scikit-learn, the same fits of {len(sampled)} targets, one after another"),
        threadpool_limits(1),
    ):
        for j in sampled:
            sklearn_f1.append(_sklearn_f1(x, y[:, j], test, random))
            _sklearn_f1(x, random.permutation(y[:, j]), test, random)
    featdisc_f1 = [found[j].f1 or 0.0 for j in sampled]
    print(f"F1 featdisc {np.mean(featdisc_f1):.4f}, scikit-learn {np.mean(sklearn_f1):.4f}; largest difference "
          f"{max(abs(a - b) for a, b in zip(featdisc_f1, sklearn_f1, strict=True)):.4f}")  # fmt: skip


def _sklearn_f1(x: sparse.csr_matrix, y: np.ndarray, test: np.ndarray, random: np.random.Generator) -> float:
    """F1 on held-out rows. A quarter of the other rows selects penalty and threshold; the fit uses all of them."""
    inner = ~test & (random.random(len(y)) < 0.75)
    validation = ~test & ~inner
    fits = [LogisticRegression(C=c, max_iter=200).fit(x[inner], y[inner]) for c in PENALTIES]
    chances = [fit.predict_proba(x[validation])[:, 1] for fit in fits]
    best = int(np.argmin([log_loss(y[validation], chance) for chance in chances]))
    precision, recall, thresholds = precision_recall_curve(y[validation], chances[best])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    model = LogisticRegression(C=PENALTIES[best], max_iter=200).fit(x[~test], y[~test])
    predicted = model.predict_proba(x[test])[:, 1] >= thresholds[f1[:-1].argmax()]
    return float(f1_score(y[test], predicted))


def main() -> None:
    """Run the chosen parts."""
    arguments = parser(__doc__, transcripts=100_000, clusters=6_700, targets=1_000, grouped=False)
    arguments.add_argument("parts", nargs="*", default=["pairs", "contrasts", "probes"])
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if {"pairs", "contrasts"} & set(options.parts):
            with timed("preparation"):
                db = make_warehouse(Path(folder), options.transcripts, options.clusters, grouped=options.grouped)
            instances = db.scalar("select count(*) from features")
            print(f"{instances:,} instances", flush=True)
            if "pairs" in options.parts:
                pairs(db)
            if "contrasts" in options.parts:
                contrasts(db)
    if "probes" in options.parts:
        probes(options.transcripts, options.clusters, options.targets)


if __name__ == "__main__":
    main()

"""Clusters get a label and a sentence, and a second look where the first name cannot stand."""

from typing import Any, ClassVar

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking import label_trials as trial
from featdisc_assets.asking import naming_rounds as looks
from featdisc_assets.asking.label_trials import apart, label_vectors, try_labels
from featdisc_assets.asking.model_choice import OwnModelConfig, whom_to_ask
from featdisc_assets.asking.naming_rounds import Ask, Looks, Named, asker
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.stages import labels, personal
from featdisc_assets.tables import nearest_clusters as nearby
from featdisc_assets.tables.nearest_clusters import nearest_clusters
from featdisc_assets.warehouse import Warehouse

NEIGHBOURS = 3
# Phrases of neighbours that a second look is shown, and of each side that a label is tried on.
CONTRAST = 15
PER_SIDE = 40


class NameConfig(OwnModelConfig):
    """How clusters are named."""

    prompts: ClassVar[tuple[str, ...]] = ("name/cluster", "rename/cluster")

    sample_size: int = Field(
        default=100, ge=1, le=500, description="Random member features the model is shown, at most."
    )
    max_clusters: int = Field(
        default=0,
        ge=0,
        description="Name only so many clusters of each kind, those of most transcripts. 0 names all.",
    )
    hold_out: float = Field(
        default=0.25,
        ge=0,
        le=0.5,
        description="Share of a cluster's features, from eight on, that the namer is not shown: its label is tried on"
        " them. 0 shows all, and labels are then tried on what the namer saw.",
    )
    min_fidelity: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="A label that tells members from the neighbours' worse than this (0.5 is chance, 1 is perfect) is"
        " looked for once more, with the phrases it was wrong about. 0 never looks again.",
    )
    public_from: int = Field(
        default=5,
        ge=1,
        description="A capitalised name that features of fewer groups hold is taken for a private person's, and does"
        " not get into a label.",
    )


@dg.asset(
    group_name="names",
    kinds={"duckdb", "llm"},
    deps=["clusters", "cluster_members", "vocabulary", "embeddings"],
    code_version=code_version(
        NameConfig,
        *(read_sql(f"read/{name}") for name in ("name_samples", "shared_words", "fidelity_items")),
        *(labels, looks, nearby, personal, trial),
    ),
)
def cluster_names(
    context: dg.AssetExecutionContext, config: NameConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: a label of about five words and one sentence, from random members and nearest neighbours."""
    db = warehouse.open()
    samples = _samples(db, config)
    whom = whom_to_ask(read_plans(db)[0], config, "cluster_names")
    near = {name: [other for other, _ in found] for name, found in nearest_clusters(db, count=NEIGHBOURS).items()}
    namer = Looks(whom, home.home.salt(), {row["cluster_id"]: row["texts"] for row in samples})
    clusters = [Named(row, near[row["cluster_id"]]) for row in samples]
    kept = _keep(db, clusters, namer.version, whom.model)
    with AnswerStore(home.home.answers) as store:
        ask = asker(context, db, store, whom, config, asset="cluster_names", what="cluster names")
        fresh = [named for named in clusters if named.sample["is_wanted"] and not named.kept]
        namer.first(ask, fresh)
        again = _mend(db, ask, namer, clusters, config)
    context.log.info(f"{kept:,} names kept, {len(fresh):,} asked for; {again}")
    rows = [named.row() for named in clusters]
    db.replace({"cluster_names": pa.Table.from_pylist(rows, schema=db.schema("cluster_names"))})
    return materialized(
        context,
        db,
        "cluster_names",
        preview="""
            select kind, label, n_transcripts, description from cluster_prevalence
            order by prevalence desc, cluster_id limit 20""",
        figures={"names kept": kept, "names asked for": len(fresh)},
    )


def _samples(db: Warehouse, config: NameConfig) -> list[dict[str, Any]]:
    given = {name: getattr(config, name) for name in ("sample_size", "seed", "hold_out", "max_clusters")}
    return db.rows(read_sql("read/name_samples"), variables=given)


def _keep(db: Warehouse, clusters: list[Named], version: str, model: str) -> int:
    """Give clusters whose members are the same as ever the name they have; returns how many."""
    earlier = {
        row["cluster_id"]: row
        for row in db.rows(
            "from cluster_names where label is not null and model = $1 and prompt_version = $2", [model, version]
        )
    }
    for named in clusters:
        row = earlier.get(named.cluster_id)
        if row is not None and row["members_hash"] == named.sample["members_hash"] and named.sample["is_wanted"]:
            for name in named.row().keys() - {"cluster_id", "members_hash", "neighbour_ids"}:
                setattr(named, name, row[name])
            named.kept = True
    return sum(named.kept for named in clusters)


def _mend(db: Warehouse, ask: Ask, namer: Looks, clusters: list[Named], config: NameConfig) -> str:
    """Look again at names that do not tell members from others, are had twice, or hold personal data."""
    unfaithful = _look_at_unfaithful(db, ask, namer, clusters, config) if config.min_fidelity else 0
    equal = {clusters[at].cluster_id: clusters[kept] for at, kept in looks.equal_ones(clusters).items()}
    contrast = {
        name: dict(zip(kept.sample["feature_ids"][:CONTRAST], kept.sample["texts"][:CONTRAST], strict=True))
        for name, kept in equal.items()
    }
    namer.again(ask, [named for named in clusters if named.cluster_id in contrast], looks.EQUAL, contrast)
    public = _public_words(db, clusters, config.public_from)
    private = [named for named in clusters if not named.kept and looks.hold_personal(named, public)]
    namer.again(ask, private, looks.PERSONAL, {named.cluster_id: {} for named in private})
    public = _public_words(db, clusters, config.public_from)
    masked = looks.mask_personal(clusters, public)
    told = looks.tell_apart(clusters)
    return (
        f"looked again at {unfaithful:,} that told too little, {len(equal):,} had twice ({told:,} then told apart by a"
        f" member), {len(private):,} with personal data ({masked:,} then masked)"
    )


def _look_at_unfaithful(db: Warehouse, ask: Ask, namer: Looks, clusters: list[Named], config: NameConfig) -> int:
    """Name those anew whose label tells too little, and keep the better of both names; returns how many."""
    named = [one for one in clusters if one.label is not None]
    if all(one.kept for one in named):
        return 0
    vectors = label_vectors(db, [(one.label or "", one.description or "") for one in named])
    common = apart(vectors, [one.sample["kind"] for one in named])
    found, items = try_labels(db, [one.trial() for one in named], vectors, common, per_side=PER_SIDE)
    poor = [at for at in np.flatnonzero(found.auc < config.min_fidelity).tolist() if not named[at].kept]
    hard = _hardest(db, items, poor)
    before = {at: named[at].row() for at in poor}
    chosen = [named[at] for at in poor]
    namer.again(ask, chosen, looks.UNFAITHFUL, {one.cluster_id: hard.get(one.cluster_id, {}) for one in chosen})
    # Both are tried once more, on what neither of them was made from.
    fresh = label_vectors(db, [(one.label or "", one.description or "") for one in chosen])
    second, _ = try_labels(db, [one.trial() for one in chosen], fresh, common, per_side=PER_SIDE)
    first, _ = try_labels(db, [one.trial() for one in chosen], vectors[poor], common, per_side=PER_SIDE)
    for one, at, new, old in zip(chosen, poor, second.auc, first.auc, strict=True):
        # What is left to try them on is easier than what the first one failed on: where both do as well, it is out.
        if new < old:
            one.label, one.description = (before[at][name] for name in ("label", "description"))  # type: ignore[assignment]
    return len(poor)


def _hardest(db: Warehouse, items: pa.Table, poor: list[int]) -> dict[str, dict[str, str]]:
    """By cluster, the neighbours' features that its label is most like, and their texts."""
    found = db.join(
        """
        select
            items.cluster_id,
            list(items.feature_id order by items.score desc, items.feature_id asc) as feature_ids,
            list(vocabulary.text order by items.score desc, items.feature_id asc) as texts
        from items
        inner join poor on items.trial = poor.trial
        inner join vocabulary on items.feature_id = vocabulary.feature_id
        where not items.is_member
        group by items.cluster_id""",
        {"items": items, "poor": pa.table({"trial": pa.array(poor, pa.int64())})},
    ).to_pylist()
    return {
        row["cluster_id"]: dict(zip(row["feature_ids"][:CONTRAST], row["texts"][:CONTRAST], strict=True))
        for row in found
    }


def _public_words(db: Warehouse, clusters: list[Named], groups: int) -> set[str]:
    """Words of the names that features of so many groups hold: nobody's own."""
    words = set[str]().union(
        *(personal.proper_words(text) for one in clusters for text in (one.label, one.description) if text)
    )
    found = db.join(read_sql("read/shared_words"), {"wanted": pa.table({"word": pa.array(sorted(words), pa.string())})})
    return {row["word"] for row in found.to_pylist() if row["n_groups"] >= groups}

"""Names of clusters: a label and a sentence each, and a retry where a name has to be rejected."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking import label_trials, names, naming_rounds, naming_tasks, vague_labels
from featdisc_assets.asking.model_choice import OwnModelConfig, ask_chosen_model, choose_model
from featdisc_assets.asking.names import Name, Subject, proper_words
from featdisc_assets.asking.naming_rounds import NamingRounds
from featdisc_assets.asking.naming_tasks import CLUSTERS
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.asking.vague_labels import retry_vague_labels
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import labels, personal
from featdisc_assets.tables import nearest_clusters as nearest
from featdisc_assets.tables.nearest_clusters import nearest_clusters
from featdisc_assets.warehouse import Warehouse

NEIGHBOURS = 3


class NameConfig(OwnModelConfig):
    """How clusters are named."""

    prompts: ClassVar[tuple[str, ...]] = ("name/cluster", "rename/cluster")

    sample_size: int = Field(
        default=100,
        ge=1,
        le=500,
        description="Maximum number of random member features that the model sees. Lower it to save tokens.",
    )
    max_clusters: int = Field(
        default=0,
        ge=0,
        description="Name only this many clusters of each kind, those in the most transcripts. 0 names all.",
    )
    hold_out: float = Field(
        default=0.25,
        ge=0,
        le=0.5,
        description="Share of features to hold out from the model, in clusters of at least eight features. Labels are"
        " tested on held-out features. 0 shows all, and labels are tested on features that the model saw.",
    )
    min_fidelity: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Retry labels whose AUC for members against neighbours' members is below this (0.5 is chance, 1 is"
        " perfect); the model then sees the features that the label got wrong. 0 never retries.",
    )
    public_from: int = Field(
        default=5,
        ge=1,
        description="Treat capitalised names that occur in fewer groups than this as private persons' names, and remove"
        " them from labels. Raise it for a stricter filter.",
    )


@dg.asset(
    group_name="names",
    kinds={"duckdb", "llm"},
    deps=["clusters", "cluster_members", "vocabulary", "embeddings"],
    code_version=code_version(
        NameConfig,
        *(read_sql(f"read/{name}") for name in ("name_samples", "shared_words", "fidelity_items")),
        *(labels, names, naming_rounds, naming_tasks, nearest, personal, label_trials, vague_labels),
    ),
)
def cluster_names(
    context: dg.AssetExecutionContext, config: NameConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cluster: a label of about five words and a description of one sentence, written by a model."""
    db = warehouse.open()
    choice = choose_model(read_plans(db)[0], config, "cluster_names")
    ask = partial(
        ask_chosen_model,
        context,
        home.home,
        db,
        config=config,
        choice=choice,
        asset="cluster_names",
        what="cluster names",
    )
    rounds = NamingRounds(CLUSTERS, choice, home.home.salt(), ask)
    named = rounds.keep_names(db, _clusters(db, config))
    n_kept, n_asked = sum(name.is_kept for name in named), sum(name.needs_request for name in named)
    named, n_vague = rounds.first_round(named), 0
    if config.min_fidelity:
        named, n_vague = retry_vague_labels(db, rounds, named, min_fidelity=config.min_fidelity)
    named, fixed = rounds.fix_names(named, lambda some: _public_words(db, some, config.public_from))
    context.log.info(f"kept {n_kept:,} names, asked for {n_asked:,}; renamed {n_vague:,} vague labels, {fixed}")
    rounds.store(db, named)
    preview = """
        select kind, label, n_transcripts, description from cluster_prevalence
        order by prevalence desc, cluster_id limit 20"""
    return materialized(
        context, db, "cluster_names", preview=preview, figures={"names kept": n_kept, "names asked for": n_asked}
    )


def _clusters(db: Warehouse, config: NameConfig) -> list[Subject]:
    """The clusters with samples of their features, largest first."""
    nearest = nearest_clusters(db, count=NEIGHBOURS)
    settings = {name: getattr(config, name) for name in ("sample_size", "seed", "hold_out", "max_clusters")}
    return [
        Subject(
            id=row["cluster_id"],
            kind=row["kind"],
            n_transcripts=row["n_transcripts"],
            members_hash=row["members_hash"],
            member_ids=row["feature_ids"],
            texts=row["texts"],
            lines=row["texts"],
            neighbour_ids=[other for other, _ in nearest[row["cluster_id"]]],
            is_wanted=row["is_wanted"],
        )
        for row in db.rows(read_sql("read/name_samples"), variables=settings)
    ]


def _public_words(db: Warehouse, named: Sequence[Name], min_groups: int) -> set[str]:
    """Words of the names that features of at least `min_groups` groups hold: no private person's."""
    words = pa.table({"word": pa.array(sorted(proper_words(named)), pa.string())})
    found = db.join(read_sql("read/shared_words"), {"wanted": words}).to_pylist()
    return {row["word"] for row in found if row["n_groups"] >= min_groups}

"""Names of themes and areas, made from the names of the clusters and themes in them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import dagster as dg
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking import names, naming_rounds, naming_tasks
from featdisc_assets.asking.model_choice import OwnModelConfig, ask_chosen_model, choose_model
from featdisc_assets.asking.names import Name, Subject
from featdisc_assets.asking.naming_rounds import NamingRounds
from featdisc_assets.asking.naming_tasks import PARENTS
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.stages import labels, personal
from featdisc_assets.tables import nearest_clusters
from featdisc_assets.tables.nearest_clusters import nearest_parents
from featdisc_assets.warehouse import Warehouse

SIBLINGS = 3


class ParentNameConfig(OwnModelConfig):
    """How themes and areas are named."""

    prompts: ClassVar[tuple[str, ...]] = ("parent/name", "parent/rename")

    most_children: int = Field(
        default=60,
        ge=10,
        le=300,
        description="Maximum number of child names that the model sees: the ten most common and a random sample of the"
        " others. Raise it for areas that hold many different themes.",
    )


@dg.asset(
    group_name="names",
    kinds={"duckdb", "llm"},
    deps=["cluster_parents", "parents", "cluster_names", "cluster_hygiene"],
    code_version=code_version(
        ParentNameConfig,
        read_sql("read/parent_children"),
        *(labels, names, naming_rounds, naming_tasks, nearest_clusters, personal),
    ),
)
def parent_names(
    context: dg.AssetExecutionContext, config: ParentNameConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per theme or area: a label and a description, written by a model from the names of its children."""
    db = warehouse.open()
    choice = choose_model(read_plans(db)[0], config, "parent_names")
    named, n_asked = list[Name](), 0
    ask = partial(
        ask_chosen_model,
        context,
        home.home,
        db,
        config=config,
        choice=choice,
        asset="parent_names",
        what="names of themes",
    )
    rounds = NamingRounds(PARENTS, choice, home.home.salt(), ask)
    for level in ("theme", "area"):
        parents = _parents(db, level, config, themes=named)
        found = [_named_by_only_child(name) for name in rounds.keep_names(db, parents)]
        n_level = sum(name.needs_request for name in found)
        found, fixed = rounds.fix_names(rounds.first_round(found), _public_words)
        context.log.info(f"{level}s: asked for {n_level:,} of {len(parents):,} names; {fixed}")
        named, n_asked = named + found, n_asked + n_level
    rounds.store(db, named)
    preview = """
        select kind, level, label, n_clusters, n_transcripts, description from parent_prevalence
        order by level, n_transcripts desc, parent_id limit 20"""
    return materialized(context, db, "parent_names", preview=preview, figures={"names asked for": n_asked})


def _public_words(names: Sequence[Name]) -> set[str]:
    """Words of the children's names, from which personal data is gone."""
    return set[str]().union(*(personal.proper_words(line) for name in names for line in name.subject.lines))


def _named_by_only_child(name: Name) -> Name:
    """A parent of a single child has the child's name."""
    subject = name.subject
    if len(subject.texts) != 1:
        return name
    [label], [line] = subject.texts, subject.lines
    return replace(name, label=label, description=line.removeprefix(f"{label}: "), shown_ids=subject.member_ids)


def _parents(db: Warehouse, level: str, config: ParentNameConfig, *, themes: Sequence[Name]) -> list[Subject]:
    """The parents of one level with their children's names, the most common first; areas are parents of `themes`."""
    given = {
        "parent_id": [name.subject.id for name in themes],
        "label": [name.label for name in themes],
        "description": [name.description for name in themes],
    }
    rows = db.join(
        read_sql("read/parent_children"),
        {"theme_names": pa.table({name: pa.array(column, pa.string()) for name, column in given.items()})},
        {"level": level, "most_children": config.most_children, "seed": config.seed},
    ).to_pylist()
    siblings = nearest_parents(db, level, count=SIBLINGS)
    return [
        Subject(
            id=row["parent_id"],
            kind=row["kind"],
            n_transcripts=row["n_transcripts"],
            members_hash=row["children_hash"],
            member_ids=row["child_ids"],
            texts=row["labels"],
            lines=[": ".join(pair) for pair in zip(row["labels"], row["descriptions"], strict=True)],
            neighbour_ids=[other for other, _ in siblings[row["parent_id"]]],
            is_wanted=len(row["labels"]) > 1,
        )
        for row in rows
    ]

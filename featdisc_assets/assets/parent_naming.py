"""Themes and areas get names, made from the names of what they hold."""

from collections.abc import Sequence
from typing import Any, ClassVar

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from featdisc_assets.asking import naming_rounds as looks
from featdisc_assets.asking.model_choice import OwnModelConfig, whom_to_ask
from featdisc_assets.asking.naming_rounds import Ask, Looks, Named, asker
from featdisc_assets.asking.plans import read_plans
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.llm.answer_store import AnswerStore
from featdisc_assets.llm.request import Request
from featdisc_assets.stages import labels, neighbours, personal
from featdisc_assets.transcript import ALL_KINDS
from featdisc_assets.warehouse import Warehouse

SIBLINGS = 3
# Children of a sibling that a first look is shown, and of a namesake that a second is.
CHILDREN_OF_A_SIBLING = 5
CHILDREN_OF_A_NAMESAKE = 15
# Columns of `parent_names` by what `Named` calls them.
_COLUMNS = {
    "cluster_id": "parent_id",
    "sampled_feature_ids": "child_ids",
    "contrast_feature_ids": "contrast_ids",
    "neighbour_ids": "sibling_ids",
    "members_hash": "children_hash",
}


class ParentNameConfig(OwnModelConfig):
    """How themes and areas are named."""

    prompts: ClassVar[tuple[str, ...]] = ("parent/name", "parent/rename")

    most_children: int = Field(
        default=60,
        ge=10,
        le=300,
        description="Names of clusters (of an area: of themes) that the model is shown, at most: the ten widest, and"
        " others drawn at random.",
    )


@dg.asset(
    group_name="names",
    kinds={"duckdb", "llm"},
    deps=["cluster_parents", "parents", "cluster_names", "cluster_hygiene"],
    code_version=code_version(
        ParentNameConfig,
        read_sql("read/parent_children"),
        *(labels, looks, neighbours, personal),
    ),
)
def parent_names(
    context: dg.AssetExecutionContext, config: ParentNameConfig, warehouse: WarehouseResource, home: HomeResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per theme and per area: a label of a few words and one sentence, from the names of what it holds."""
    db = warehouse.open()
    whom = whom_to_ask(read_plans(db)[0], config, "parent_names")
    salt, named, n_asked = home.home.salt(), list[Named](), 0
    with AnswerStore(home.home.answers) as store:
        ask = asker(context, db, store, whom, config, asset="parent_names", what="names of themes")
        for level in ("theme", "area"):
            parents = _parents(db, level, config, themes=named)
            namer = ParentLooks(whom, salt, {one.cluster_id: one.sample["lines"] for one in parents})
            fresh = _to_be_asked(parents, _earlier(db, model=whom.model, version=namer.version))
            namer.first(ask, fresh)
            told = _mend(ask, namer, parents)
            context.log.info(f"{level}s: {len(fresh):,} of {len(parents):,} asked for; {told}")
            named, n_asked = named + parents, n_asked + len(fresh)
    rows = [{_COLUMNS.get(name, name): value for name, value in one.row().items()} for one in named]
    db.replace({"parent_names": pa.Table.from_pylist(rows, schema=db.schema("parent_names"))})
    return materialized(
        context,
        db,
        "parent_names",
        preview="""
            select kind, level, label, n_clusters, n_transcripts, description from parent_prevalence
            order by level, n_transcripts desc, parent_id limit 20""",
        figures={"names asked for": n_asked},
    )


class ParentLooks(Looks):
    """Asks a namer about themes or areas; the texts of one are the names of its children, a line each."""

    purpose: ClassVar[str] = "parent"
    files: ClassVar[tuple[tuple[str, str], tuple[str, str]]] = (("parent", "name"), ("parent", "rename"))

    def _first_request(self, named: Named) -> Request:
        others = [line for other in named.neighbour_ids for line in self._texts_of[other][:CHILDREN_OF_A_SIBLING]]
        return self._about(named, self._first, others)

    def _again_request(self, named: Named, reason: str, contrast: dict[str, str]) -> Request:
        return self._about(named, self._again, list(contrast.values()), reason=reason)

    def _about(self, named: Named, prompt: prompts.Prompt, others: Sequence[str], *, reason: str = "") -> Request:
        return self._request(
            named,
            prompt,
            clusters=prompts.fence("clusters", _numbered(named.sample["lines"]), self._salt),
            neighbours=prompts.fence("neighbours", _numbered(others), self._salt),
            rejected=prompts.fence("rejected", "\n".join(named.rejected), self._salt),
            reason=reason,
        )


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"[{number}] {line}" for number, line in enumerate(lines, 1))


def _parents(db: Warehouse, level: str, config: ParentNameConfig, *, themes: Sequence[Named]) -> list[Named]:
    """The parents of one level with their children's names, the widest first; those of areas are `themes`."""
    names = {name: [getattr(one, name) for one in themes] for name in ("cluster_id", "label", "description")}
    given = pa.table({_COLUMNS.get(name, name): pa.array(column, pa.string()) for name, column in names.items()})
    rows = db.join(
        read_sql("read/parent_children"),
        {"theme_names": given},
        {"level": level, "most_children": config.most_children, "seed": config.seed},
    ).to_pylist()
    near = _siblings(db, level)
    parents = []
    for row in rows:
        sample = {
            **{name: row[name] for name in ("kind", "n_transcripts")},
            "cluster_id": row["parent_id"],
            "members_hash": row["children_hash"],
            "feature_ids": row["child_ids"],
            "texts": row["labels"],
            "descriptions": row["descriptions"],
            "lines": [f"{label}: {said}" for label, said in zip(row["labels"], row["descriptions"], strict=True)],
        }
        parents.append(Named(sample, near[row["parent_id"]]))
    return parents


def _siblings(db: Warehouse, level: str) -> dict[str, list[str]]:
    """The nearest parents of the same kind and level, nearest first."""
    near: dict[str, list[str]] = {}
    for kind in ALL_KINDS:
        ids, centroids = db.matrix(
            "select parent_id, centroid as vector from parents where kind = $1 and level = $2 order by parent_id",
            [kind, level],
        )
        names = np.array(ids.to_pylist(), object)
        for name, found in zip(names, neighbours.nearest_neighbours(centroids, count=SIBLINGS), strict=True):
            near[name] = [names[one.index] for one in found]
    return near


def _earlier(db: Warehouse, *, model: str, version: str) -> dict[str, dict[str, Any]]:
    """Rows that this model wrote by these prompts, by parent."""
    rows = db.rows("from parent_names where label is not null and model = $1 and prompt_version = $2", [model, version])
    return {row["parent_id"]: row for row in rows}


def _to_be_asked(parents: Sequence[Named], earlier: dict[str, dict[str, Any]]) -> list[Named]:
    """Those that have to be asked for: neither with the children they were named by, nor with a single one."""
    for one in parents:
        row = earlier.get(one.cluster_id)
        if row is not None and row["children_hash"] == one.sample["members_hash"]:
            for name in one.row().keys() - {"cluster_id", "members_hash", "neighbour_ids"}:
                setattr(one, name, row[_COLUMNS.get(name, name)])
            one.kept = True
        elif len(one.sample["texts"]) == 1:
            # What holds one thing is that thing.
            [one.label], [one.description] = one.sample["texts"], one.sample["descriptions"]
            one.sampled_feature_ids = one.sample["feature_ids"]
    return [one for one in parents if not one.kept and len(one.sample["texts"]) > 1]


def _mend(ask: Ask, namer: Looks, parents: Sequence[Named]) -> str:
    """Look again at names that are had twice or hold personal data that no child's name holds."""
    equal = {parents[at].cluster_id: parents[kept] for at, kept in looks.equal_ones(parents).items()}
    contrast = {
        name: dict(
            zip(
                kept.sample["feature_ids"][:CHILDREN_OF_A_NAMESAKE],
                kept.sample["lines"][:CHILDREN_OF_A_NAMESAKE],
                strict=True,
            )
        )
        for name, kept in equal.items()
    }
    namer.again(ask, [one for one in parents if one.cluster_id in contrast], looks.EQUAL, contrast)
    # Names of clusters hold no word that is a private person's any more: what one of them has may stand.
    public = set[str]().union(*(personal.proper_words(line) for one in parents for line in one.sample["lines"]))
    private = [one for one in parents if not one.kept and looks.hold_personal(one, public)]
    namer.again(ask, private, looks.PERSONAL, {one.cluster_id: {} for one in private})
    masked = looks.mask_personal(parents, public)
    told = looks.tell_apart(parents)
    return (
        f"looked again at {len(equal):,} had twice ({told:,} then told apart by a member), {len(private):,} with"
        f" personal data ({masked:,} then masked)"
    )

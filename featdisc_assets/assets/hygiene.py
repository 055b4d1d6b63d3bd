"""Artefacts: features that come from the method rather than from a piece, and prevalence without them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from featdisc_assets.asking.plans import read_plans
from featdisc_assets.encoders.current import current
from featdisc_assets.graph.metadata import materialized
from featdisc_assets.graph.resources import WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.home.places import read_sql
from featdisc_assets.llm import prompts
from featdisc_assets.stages import repeats
from featdisc_assets.tables.vectors import vectors_of_kind
from featdisc_assets.transcript import KINDS, Kind
from featdisc_assets.warehouse import Warehouse

# Signs of features that came from the prompt, or say what a piece lacks.
REMOVED = [
    "repeats a prompt example",
    "names something absent",
    "says the opposite of its cluster",
    "names the fence or the prompt",
    "quotes the piece at length",
]
_DEPS = ["features", "vocabulary", "text_features", "rated_texts", "rating_plan", "embeddings", "clusters",
         "cluster_members"]  # fmt: skip


class HygieneConfig(dg.Config):
    """What counts as an artefact, and which artefacts clean prevalence leaves out."""

    leak_similarity: float = Field(
        default=0.85,
        ge=0,
        le=1,
        description="Flag features with at least this cosine to an example of the rating prompt. 1 flags equal features"
        " only.",
    )
    repeat_similarity: float = Field(
        default=0.92,
        ge=0,
        le=1,
        description="Flag features with at least this cosine to an earlier feature of the same piece.",
    )
    long_quote: int = Field(
        default=6,
        ge=3,
        le=20,
        description="Flag features of at least this many words that occur verbatim in their piece.",
    )
    removed: list[str] = Field(
        default=REMOVED,
        description="Signs, as in `feature_flags.sign`, that exclude a feature from clean prevalence. You can add"
        " 'fills the list up' and 'repeats another feature of the piece'.",
    )
    min_groups: int = Field(
        default=3,
        ge=1,
        description="Mark clusters in fewer groups than this as private, and leave them out of the report and of"
        " shareable_clusters. Groups are users or questions (group_key), else transcripts. 1 marks none.",
    )


_VERSION = code_version(
    HygieneConfig,
    repeats,
    *(read_sql(f"read/{name}") for name in ("padding", "senses", "opposites")),
    *(read_sql(f"fill/{name}") for name in ("feature_flags", "mention_flags", "cluster_hygiene", "feature_hygiene")),
)


@dg.multi_asset(
    name="feature_hygiene",
    group_name="quality",
    specs=[
        dg.AssetSpec("feature_hygiene", code_version=_VERSION, deps=_DEPS, kinds={"duckdb"},
                     description="One row per kind, finding and detail: how many features and pieces a sign affects."),
        dg.AssetSpec("feature_flags", code_version=_VERSION, deps=_DEPS, kinds={"duckdb"},
                     description="One row per feature and sign: for example, it repeats the prompt or names something"
                     " absent."),
        dg.AssetSpec("mention_flags", code_version=_VERSION, deps=_DEPS, kinds={"duckdb"},
                     description="One row per mention and sign: for example, it repeats another feature of its piece."),
        dg.AssetSpec("cluster_hygiene", code_version=_VERSION, deps=_DEPS, kinds={"duckdb"},
                     description="One row per cluster: its transcripts with and without flagged mentions, its opposite"
                     " features, and its number of groups."),
    ],
)  # fmt: skip
def feature_hygiene(
    context: dg.AssetExecutionContext, config: HygieneConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Flag features with signs of an artefact, and count clusters with and without them."""
    db = warehouse.open()
    incoming = {"examples": _examples(db), **_near(db, config)}
    incoming["padding"] = db.read(read_sql("read/padding"))
    incoming["senses"] = db.read(read_sql("read/senses"))
    incoming["opposites"] = db.join(read_sql("read/opposites"), {"senses": incoming["senses"]})
    names = ("feature_flags", "mention_flags", "cluster_hygiene", "feature_hygiene")
    given = {name: getattr(config, name) for name in ("removed", "min_groups", "long_quote")}
    db.refill({name: read_sql(f"fill/{name}") for name in names}, given, incoming)
    for row in db.rows("select sign, count(*) as n from feature_flags group by sign order by sign"):
        context.log.info(f"{row['n']:,} features: {row['sign']}")
    previews = {
        "feature_hygiene": "from feature_hygiene where share_of_pieces > 0 order by share_of_pieces desc limit 30",
        "feature_flags": "select kind, sign, text, detail from feature_flags join vocabulary using (kind, feature_id)"
        " order by n_transcripts desc, feature_id, sign limit 20",
        "cluster_hygiene": "from cluster_hygiene"
        " order by n_transcripts - n_transcripts_clean desc, cluster_id limit 20",
    }
    for name in names:
        yield materialized(context, db, name, preview=previews.get(name))


def _examples(db: Warehouse) -> pa.Table:
    """The example features in the rating prompt of each kind."""
    folder = read_plans(db)[0].folder
    shown = [(kind, text) for kind in KINDS for text in prompts.shown_phrases(kind, folder)]
    return pa.table({"kind": [kind for kind, _ in shown], "example": [text for _, text in shown]})


def _near(db: Warehouse, config: HygieneConfig) -> dict[str, pa.Table]:
    """Features close to an example, and mentions close to an earlier one of their piece."""
    examples, encoder = _examples(db), current(db)
    close, again = [], []
    for kind in KINDS:
        ids, vectors = vectors_of_kind(db, kind)
        shown = examples.filter(pc.equal(examples["kind"], kind))["example"]
        if encoder is not None and len(ids) and len(shown):
            sense = encoder.encode(shown.to_pylist())
            rows, which, cosine = repeats.echoes(vectors, sense, similarity=config.leak_similarity)
            close.append(_echoes(kind, ids.take(pa.array(rows)), shown.take(pa.array(which)), cosine))
        again.append(_repeats(db, kind, ids, vectors, config.repeat_similarity))
    nothing = _echoes("user", pa.array([], pa.string()), pa.array([], pa.string()), np.zeros(0, np.float32))
    return {"echoes": pa.concat_tables([nothing, *close]), "repeats": pa.concat_tables(again)}


def _echoes(kind: Kind, feature_ids: pa.Array, example: pa.Array, cosine: Any) -> pa.Table:  # noqa: ANN401
    return pa.table(
        {
            "kind": pa.array([kind] * len(feature_ids), pa.string()),
            "feature_id": feature_ids,
            "example": example,
            "similarity": pa.array(cosine, pa.float64()),
        }
    )


def _repeats(db: Warehouse, kind: Kind, ids: pa.Array, vectors: Any, similarity: float) -> pa.Table:  # noqa: ANN401
    mentions = db.read(
        """
        select text_features.text_hash, text_features.position, text_features.text, vocabulary.feature_id
        from text_features
        inner join vocabulary on text_features.kind = vocabulary.kind and text_features.text = vocabulary.text
        where text_features.kind = $1
        order by text_features.text_hash, text_features.position""",
        [kind],
    )
    row = pc.index_in(mentions["feature_id"], value_set=ids)
    mentions = mentions.filter(pc.is_valid(row))
    text = mentions["text_hash"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    later, earlier, cosine = repeats.repeats_within(
        vectors, text, row.drop_null().to_numpy().astype(np.int64), similarity=similarity
    )
    found = mentions.take(pa.array(later))
    return pa.table(
        {
            "kind": pa.array([kind] * len(later), pa.string()),
            "text_hash": found["text_hash"],
            "position": found["position"],
            "of": mentions["text"].take(pa.array(earlier)),
            "similarity": pa.array(cosine, pa.float64()),
        }
    )

"""Features to vectors, vectors to clusters."""

import time
from collections.abc import Iterator

import dagster as dg
import numpy as np
import pyarrow as pa
from pydantic import Field

from featdisc_assets.assets.showing import materialized
from featdisc_assets.comments import comment
from featdisc_assets.home_settings import settings_of
from featdisc_assets.places import read_sql
from featdisc_assets.resources import WarehouseResource
from featdisc_assets.stages import cluster_ids, embedding
from featdisc_assets.stages import clustering as stage
from featdisc_assets.transcript import ALL_KINDS, KINDS
from featdisc_assets.versions import code_version
from featdisc_assets.warehouse import Matrix, Warehouse, insert, vector_array

TEXTS_A_WRITE = 4_096


@settings_of("embeddings")
class EncoderConfig(dg.Config):
    """How feature texts become vectors."""

    encoder: str = Field(
        default=embedding.BUNDLED,
        description="A sentence-transformers model or folder; the default comes with the package, without a download.",
    )
    batch_size: int = Field(default=128, ge=1, le=4096, description="Texts encoded at once.")


@dg.asset(
    group_name="clusters",
    kinds={"duckdb", "huggingface"},
    deps=["vocabulary"],
    code_version=code_version(EncoderConfig, embedding),
)
def embeddings(
    context: dg.AssetExecutionContext, config: EncoderConfig, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One unit vector per feature and encoder; only features without one are encoded."""
    db = warehouse.open()
    missing = db.read(
        """
        select text, list(feature_id order by feature_id) as feature_ids
        from vocabulary
        anti join (from embeddings where encoder = $1) as known using (feature_id)
        group by text
        order by text""",
        [config.encoder],
    )
    texts, ids = missing["text"].to_pylist(), missing["feature_ids"].combine_chunks()
    done, started = 0, time.monotonic()
    for chunk in embedding.chunks_by_length(texts, chunk_size=TEXTS_A_WRITE):
        vectors = embedding.encode([texts[i] for i in chunk], encoder=config.encoder, batch_size=config.batch_size)
        _append(db, config.encoder, ids.take(pa.array(chunk)), vectors)
        done += len(chunk)
        rate = done / (time.monotonic() - started)
        context.log.info(f"{done:,} of {len(texts):,} feature texts encoded, {rate:,.0f} a second")
    with db.transaction() as connection:
        connection.execute("update encoders set is_current = (encoder = $1)", [config.encoder])
    return materialized(context, db, "embeddings", figures={"encoded now": len(texts), "encoder": config.encoder})


@settings_of("clusters")
class ClusterConfig(dg.Config):
    """How features are grouped."""

    target_features_per_cluster: int = Field(
        default=0,
        ge=0,
        description="Wanted number of distinct features in a cluster: smaller is finer. 0 chooses it from the data.",
    )
    min_similarity: float = Field(
        default=0.1,
        ge=-1,
        le=1,
        description="A feature less similar than this to its cluster's centre stays unassigned.",
    )
    remove_components: int = Field(
        default=5, ge=0, le=50, description="Leading principal components taken out of the vectors before clustering."
    )
    seed: int = Field(default=0, description="Of the over-clustering; the same seed gives the same clusters.")


CLUSTERS_VERSION = code_version(ClusterConfig, stage, cluster_ids, read_sql("tables/clusters"))


@dg.multi_asset(
    name="clusters",
    group_name="clusters",
    specs=[
        dg.AssetSpec(
            "clusters",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per cluster of features of one kind, with its size, coherence and centre.",
        ),
        dg.AssetSpec(
            "cluster_members",
            deps=["embeddings", "features"],
            code_version=CLUSTERS_VERSION,
            kinds={"duckdb", "scikitlearn"},
            description="One row per feature: its cluster, or null where it is near none.",
        ),
    ],
)
def clusters(
    context: dg.AssetExecutionContext, config: ClusterConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Cluster the features of each kind; a cluster that keeps most of its members keeps its id."""
    db = warehouse.open()
    members, centres = [], []
    for kind in ALL_KINDS:
        feature_ids, vectors = db.matrix(VECTORS_OF_KIND, [kind])
        if not len(feature_ids) and kind not in KINDS:
            continue
        found = stage.cluster(
            vectors,
            target_features_per_cluster=config.target_features_per_cluster,
            min_similarity=config.min_similarity,
            remove_components=config.remove_components,
            seed=config.seed,
        )
        earlier = db.read("select feature_id, cluster_id from cluster_members where kind = $1", [kind])
        ids = cluster_ids.name_clusters(
            feature_ids.to_pylist(),
            found.labels,
            kind=kind,
            previous=dict(zip(*(column.to_pylist() for column in earlier.columns), strict=True)),
        )
        members.append(_members(feature_ids, kind, ids, found))
        centres.append(_centres(kind, ids, found))
        apart = int((found.labels < 0).sum())
        context.log.info(f"{kind}: {len(feature_ids):,} features in {len(ids):,} clusters, {apart:,} near none of them")
    _write(db, pa.concat_tables(members), pa.concat_tables(centres))
    yield materialized(
        context,
        db,
        "clusters",
        preview="""
            select kind, count(*) as clusters, sum(n_features) as features, max(n_transcripts) as widest,
                avg(coherence) as mean_coherence
            from clusters group by kind order by kind""",
    )
    yield materialized(context, db, "cluster_members")


VECTORS_OF_KIND = """
select
    vocabulary.feature_id,
    embeddings.vector
from vocabulary
inner join embeddings on vocabulary.feature_id = embeddings.feature_id
inner join encoders on embeddings.encoder = encoders.encoder
where encoders.is_current and vocabulary.kind = $1
order by vocabulary.feature_id
"""


def _append(db: Warehouse, encoder: str, feature_ids: pa.ListArray, vectors: Matrix) -> None:
    """One chunk of vectors, each written for every feature (of whatever kind) that has its text."""
    owner = np.repeat(np.arange(len(vectors)), np.diff(feature_ids.offsets.to_numpy()))
    width = vectors.shape[1]
    data = pa.table(
        {
            "feature_id": feature_ids.flatten(),
            "encoder": pa.array([encoder] * len(owner), pa.string()),
            "vector": vector_array(vectors[owner]),
        }
    )
    with db.transaction() as connection:
        if not connection.execute("from encoders where encoder = $1", [encoder]).fetchall():
            connection.execute("insert into encoders values ($1, $2, false)", [encoder, width])
            if connection.execute("from encoders where dimension != $1", [width]).fetchall():
                # A column has one width: vectors of the earlier encoders go, and would be made again if asked for.
                connection.execute("delete from encoders where dimension != $1", [width])
                connection.execute("drop table embeddings")
        connection.execute(
            "create table if not exists embeddings"
            f" (feature_id varchar not null, encoder varchar not null, vector float[{width}] not null)"
        )
        comment(connection, "embeddings")
        insert(connection, "embeddings", data)


def _members(feature_ids: pa.Array, kind: str, ids: list[str], found: stage.Clustering) -> pa.Table:
    assigned = found.labels >= 0
    return pa.table(
        {
            "feature_id": feature_ids,
            "kind": pa.array([kind] * len(feature_ids), pa.string()),
            "cluster_id": pa.array(ids, pa.string()).take(pa.array(found.labels, mask=~assigned)),
            "similarity": pa.array(found.similarity.astype(np.float64), mask=~assigned),
        }
    )


def _centres(kind: str, ids: list[str], found: stage.Clustering) -> pa.Table:
    return pa.table(
        {
            "cluster_id": pa.array(ids, pa.string()),
            "kind": pa.array([kind] * len(ids), pa.string()),
            "coherence": found.coherence,
            "centroid": pa.array(list(found.centroids), pa.list_(pa.float32())),
        }
    )


def _write(db: Warehouse, members: pa.Table, centres: pa.Table) -> None:
    """Both tables in one transaction; DuckDB counts each cluster's features, pieces and transcripts."""
    with db.transaction() as connection:
        connection.execute("truncate cluster_members")
        connection.execute("truncate clusters")
        insert(connection, "cluster_members", members.sort_by([("kind", "ascending"), ("feature_id", "ascending")]))
        connection.register("centres", centres)
        connection.execute(f"insert into clusters by name {read_sql('tables/clusters')}")
        connection.unregister("centres")

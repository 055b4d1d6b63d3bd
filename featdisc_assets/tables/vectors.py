"""Vectors of features: the current encoder's by kind, and writing them."""

import numpy as np
import pyarrow as pa

from featdisc_assets.warehouse import Matrix, Warehouse, insert, vector_array
from featdisc_assets.warehouse.comments import comment

_OF_KIND = """
from vocabulary
inner join current_vectors() as vectors on vocabulary.feature_id = vectors.feature_id
where vocabulary.kind = $1
order by vocabulary.feature_id
"""


def vectors_of_kind(db: Warehouse, kind: str) -> tuple[pa.Array, Matrix]:
    """Ids and current vectors of a kind's features, ordered by id."""
    return db.matrix(f"select vocabulary.feature_id, vectors.vector {_OF_KIND}", [kind])


def texts_of_kind(db: Warehouse, kind: str) -> list[str]:
    """The texts of the same features, in the same order."""
    texts: list[str] = db.read(f"select vocabulary.text {_OF_KIND}", [kind])["text"].to_pylist()
    return texts


_OTHER_WIDTH = """
select data_type
from duckdb_columns()
where database_name = current_database() and table_name = 'embeddings' and column_name = 'vector' and data_type != $1
"""


def append_vectors(db: Warehouse, encoder: str, feature_ids: pa.ListArray, vectors: Matrix) -> None:
    """Write one chunk of vectors, each for every feature with its text, whatever the kind."""
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
        # Vectors do not compress, and trying costs more than writing them. Several threads would buffer their rows to
        # keep the order, which takes twice as long as one thread.
        connection.execute("pragma force_compression = 'uncompressed'")
        connection.execute("set threads = 1")
        if not connection.execute("from encoders where encoder = $1", [encoder]).fetchall():
            connection.execute(
                "insert into encoders (encoder, dimension, is_current) values ($1, $2, false)", [encoder, width]
            )
        if connection.execute(_OTHER_WIDTH, [f"FLOAT[{width}]"]).fetchall():
            # A column has one width, so vectors of earlier encoders are dropped. They can be computed again.
            connection.execute("delete from encoders where dimension != $1", [width])
            connection.execute("drop table embeddings")
        connection.execute(
            "create table if not exists embeddings"
            f" (feature_id varchar not null, encoder varchar not null, vector float[{width}] not null)"
        )
        comment(connection, "embeddings")
        insert(connection, "embeddings", data)

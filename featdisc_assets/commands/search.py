"""Search features by meaning, also for what no cluster is about."""

from typing import Any

import numpy as np

from featdisc_assets.encoders.current import current
from featdisc_assets.errors import FeatdiscError
from featdisc_assets.warehouse import Warehouse

# Not by the macro current_vectors: a home of an earlier version is read as it is, and may not have it.
VECTORS = """
select vocabulary.feature_id, embeddings.vector
from vocabulary
inner join embeddings on vocabulary.feature_id = embeddings.feature_id
inner join encoders on embeddings.encoder = encoders.encoder
where encoders.is_current
order by vocabulary.feature_id
"""
HITS = """
select
    round(hits.similarity, 3) as similarity, vocabulary.kind, vocabulary.text as feature, vocabulary.n_transcripts,
    cluster_members.cluster_id, cluster_names.label as cluster,
    min(features.piece_id) as a_piece
from (select unnest($1) as feature_id, unnest($2) as similarity) as hits
inner join vocabulary on hits.feature_id = vocabulary.feature_id
left join cluster_members on hits.feature_id = cluster_members.feature_id
left join cluster_names on cluster_members.cluster_id = cluster_names.cluster_id
left join features on hits.feature_id = features.feature_id
group by all
order by similarity desc, vocabulary.kind, feature
"""


def search(db: Warehouse, query: str, *, limit: int) -> list[dict[str, Any]]:
    """The features nearest in meaning to a query, with their cluster and an example piece.

    Args:
        db: A warehouse with embeddings.
        query: A phrase as a rater would write it.
        limit: The number of features.

    Raises:
        FeatdiscError: If there are no embeddings yet, or the encoder refuses the query.
    """
    ids, vectors = db.matrix(VECTORS)
    if not len(ids) or (encoder := current(db)) is None:
        raise FeatdiscError("This home has no embeddings yet; run `featdisc run` first.")
    [vector] = encoder.encode([query])
    if not vector.any():
        raise FeatdiscError(f"{encoder.identity} refuses to embed {query!r}; use other words.")
    cosines = vectors @ vector
    nearest = np.argsort(-cosines, kind="stable")[:limit]
    return db.rows(HITS, [ids.take(nearest).to_pylist(), cosines[nearest].tolist()])

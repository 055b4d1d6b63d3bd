-- grain: one row per cluster of `audited` (columns of this table found outside SQL)
select
    audited.cluster_id,
    clusters.kind,
    audited.nearest_cluster_id,
    audited.nearest_similarity,
    audited.is_near_duplicate,
    clusters.coherence,
    clusters.n_features,
    audited.distinctive_terms,
    audited.shared_terms,
    audited.term_overlap,
    audited.shares_terms,
    audited.lexical_coherence,
    audited.lexical_strangers,
    audited.stability
from audited
inner join clusters on audited.cluster_id = clusters.cluster_id
order by clusters.kind, audited.cluster_id

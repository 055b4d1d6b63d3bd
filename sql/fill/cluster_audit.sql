-- grain: one row per cluster of `judged` (columns of this table found outside SQL)
select
    judged.cluster_id,
    clusters.kind,
    judged.nearest_cluster_id,
    judged.nearest_similarity,
    judged.is_near_duplicate,
    clusters.coherence,
    clusters.n_features,
    judged.distinctive_terms,
    judged.shared_terms,
    judged.term_overlap,
    judged.shares_terms,
    judged.lexical_coherence,
    judged.lexical_strangers,
    judged.stability
from judged
inner join clusters on judged.cluster_id = clusters.cluster_id
order by clusters.kind, judged.cluster_id

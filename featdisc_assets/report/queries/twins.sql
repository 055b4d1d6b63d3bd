-- grain: one row per pair of near-duplicate clusters: the twelve most similar, with their shared words
-- (private clusters are left out)
with pairs as (
    select
        cluster_audit.kind,
        least(cluster_audit.cluster_id, cluster_audit.nearest_cluster_id) as cluster_id,
        greatest(cluster_audit.cluster_id, cluster_audit.nearest_cluster_id) as twin_id,
        max(cluster_audit.nearest_similarity) as similarity,
        max_by(cluster_audit.shared_terms, cluster_audit.nearest_similarity) as shared_terms
    from cluster_audit
    where cluster_audit.is_near_duplicate
    group by all
)

select
    pairs.kind,
    pairs.cluster_id,
    ones.label,
    clusters.n_transcripts,
    pairs.twin_id,
    seconds.label as twin_label,
    twins.n_transcripts as twin_n_transcripts,
    pairs.similarity,
    pairs.shared_terms
from pairs
inner join clusters on pairs.cluster_id = clusters.cluster_id
inner join clusters as twins on pairs.twin_id = twins.cluster_id
left join cluster_names as ones on pairs.cluster_id = ones.cluster_id
left join cluster_names as seconds on pairs.twin_id = seconds.cluster_id
anti join private_clusters on pairs.cluster_id = private_clusters.cluster_id
anti join private_clusters as unshown on pairs.twin_id = unshown.cluster_id
order by pairs.similarity desc, pairs.cluster_id asc
limit 12

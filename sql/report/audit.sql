-- grain: one row per kind: its clusters, those with a near-twin, the rare ones, and features near no cluster
with sizes as (
    select
        clusters.kind,
        count(*) as n_clusters,
        count(*) filter (where cluster_audit.is_near_duplicate) as n_near_duplicates,
        count(*) filter (where clusters.n_transcripts < 5) as n_small,
        median(clusters.coherence) as median_coherence
    from clusters
    left join cluster_audit on clusters.cluster_id = cluster_audit.cluster_id
    group by clusters.kind
),

members as (
    select
        kind,
        count(*) as n_features,
        count(*) filter (where cluster_id is null) as n_unassigned
    from cluster_members
    group by kind
)

select
    sizes.kind,
    sizes.n_clusters,
    sizes.n_near_duplicates,
    sizes.n_small,
    sizes.median_coherence,
    members.n_features,
    members.n_unassigned
from sizes
inner join members on sizes.kind = members.kind
order by list_position(['user', 'thought', 'response', 'tool'], sizes.kind)

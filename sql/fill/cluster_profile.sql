-- grain: one row per kind of `kinds` (kind, n_phrases, n_features_swallowed): coverage, sizes and audit counts
-- (set variable small_transcripts = 5: fewer transcripts make a cluster small; set variable unstable_below = 0.5)
with members as (
    select
        kind,
        count(*) as n_features,
        count(*) filter (where cluster_id is null) as n_unassigned
    from cluster_members
    group by kind
),

sizes as (
    select
        clusters.kind,
        count(*) as n_clusters,
        count(*) filter (where clusters.n_features = 1) as n_singletons,
        min(clusters.n_features) as size_smallest,
        quantile_cont(clusters.n_features, 0.1) as size_p10,
        median(clusters.n_features) as size_median,
        quantile_cont(clusters.n_features, 0.9) as size_p90,
        max(clusters.n_features) as size_largest,
        count(*) filter (where clusters.n_transcripts < getvariable('small_transcripts')) as n_small,
        count(*) filter (where cluster_audit.is_near_duplicate) as n_near_duplicates,
        median(clusters.coherence) as median_coherence,
        median(cluster_audit.lexical_coherence / nullif(cluster_audit.lexical_strangers, 0)) as median_lexical_ratio,
        median(cluster_audit.stability) as median_stability,
        count(*) filter (where cluster_audit.stability < getvariable('unstable_below')) as n_unstable
    from clusters
    inner join cluster_audit on clusters.cluster_id = cluster_audit.cluster_id
    group by clusters.kind
),

shown as (
    select
        clusters.kind,
        count(distinct pieces.transcript_id) as n_transcripts,
        count(distinct if(clusters.n_transcripts < getvariable('small_transcripts'), pieces.transcript_id, null))
            as n_transcripts_in_small
    from clusters
    inner join cluster_members on clusters.cluster_id = cluster_members.cluster_id
    inner join features on cluster_members.feature_id = features.feature_id
    inner join pieces on features.piece_id = pieces.piece_id
    group by clusters.kind
),

swallowed as (
    select
        kind,
        count(*) as n_swallowed
    from swallowed_themes
    group by kind
)

select
    kinds.kind,
    sizes.n_clusters,
    members.n_features,
    members.n_unassigned,
    sizes.n_singletons,
    sizes.size_smallest,
    sizes.size_p10,
    sizes.size_median,
    sizes.size_p90,
    sizes.size_largest,
    sizes.n_small,
    coalesce(shown.n_transcripts, 0) as n_transcripts,
    coalesce(shown.n_transcripts_in_small, 0) as n_transcripts_in_small,
    sizes.n_near_duplicates,
    kinds.n_phrases,
    coalesce(swallowed.n_swallowed, 0) as n_swallowed,
    kinds.n_features_swallowed,
    sizes.median_coherence,
    sizes.median_lexical_ratio,
    sizes.median_stability,
    sizes.n_unstable
from kinds
inner join sizes on kinds.kind = sizes.kind
inner join members on kinds.kind = members.kind
left join shown on kinds.kind = shown.kind
left join swallowed on kinds.kind = swallowed.kind
order by list_position(['user', 'thought', 'response', 'tool'], kinds.kind)

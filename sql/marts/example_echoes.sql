-- grain: one row per prompt example and cluster: transcripts that show the cluster with and without the example
with echoing as (
    select
        feature_flags.detail as example,
        cluster_members.cluster_id,
        pieces.transcript_id
    from feature_flags
    inner join cluster_members on feature_flags.feature_id = cluster_members.feature_id
    inner join features on feature_flags.feature_id = features.feature_id
    inner join pieces on features.piece_id = pieces.piece_id
    where feature_flags.sign = 'repeats a prompt example' and cluster_members.cluster_id is not null
),

echoed as (
    select distinct
        example,
        cluster_id
    from echoing
),

other as (
    select distinct
        echoed_clusters.example,
        cluster_members.cluster_id,
        pieces.transcript_id
    from echoed as echoed_clusters
    inner join cluster_members on echoed_clusters.cluster_id = cluster_members.cluster_id
    inner join features on cluster_members.feature_id = features.feature_id
    inner join pieces on features.piece_id = pieces.piece_id
    left join feature_flags
        on
            features.feature_id = feature_flags.feature_id
            and echoed_clusters.example = feature_flags.detail
            and feature_flags.sign = 'repeats a prompt example'
    where feature_flags.feature_id is null
)

select
    echoing.example,
    clusters.kind,
    echoing.cluster_id,
    cluster_names.label,
    count(distinct echoing.transcript_id) as n_transcripts_echoing,
    any_value(clusters.n_transcripts) as n_transcripts,
    count(distinct other.transcript_id) as n_transcripts_without
from echoing
inner join clusters on echoing.cluster_id = clusters.cluster_id
left join other on echoing.example = other.example and echoing.cluster_id = other.cluster_id
left join cluster_names on echoing.cluster_id = cluster_names.cluster_id
group by echoing.example, clusters.kind, echoing.cluster_id, cluster_names.label

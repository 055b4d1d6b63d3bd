-- grain: one row per cluster and example: up to ten pieces, each with its feature nearest to the cluster's centre
with nearest as (
    select
        cluster_members.cluster_id,
        features.piece_id,
        vocabulary.text as feature,
        cluster_members.similarity
    from cluster_members
    inner join features on cluster_members.feature_id = features.feature_id
    inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
    where cluster_members.cluster_id is not null
    qualify row_number() over (
        partition by cluster_members.cluster_id, features.piece_id
        order by cluster_members.similarity desc, vocabulary.text asc
    ) = 1
),

ranked as (
    select
        nearest.*,
        row_number() over (
            partition by nearest.cluster_id
            order by nearest.similarity desc, nearest.feature asc, nearest.piece_id asc
        ) as example
    from nearest
    qualify example <= 10
)

select
    ranked.cluster_id,
    cluster_names.label,
    ranked.example,
    ranked.feature,
    ranked.similarity,
    ranked.piece_id,
    pieces.transcript_id,
    transcripts.model,
    left(pieces.text, 280) as excerpt
from ranked
inner join pieces on ranked.piece_id = pieces.piece_id
inner join transcripts on pieces.transcript_id = transcripts.transcript_id
left join cluster_names on ranked.cluster_id = cluster_names.cluster_id
order by ranked.cluster_id, ranked.example

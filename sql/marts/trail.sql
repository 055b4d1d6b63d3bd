-- grain: one row per piece, feature and cluster: from a cluster's figure to the words behind it
-- `signs` are the reasons to distrust a mention; `quote` is set where the plan asks for evidence
with feature_signs as (
    select
        feature_id,
        list(sign order by sign) as signs
    from feature_flags
    group by feature_id
),

mention_signs as (
    select
        kind,
        text_hash,
        position,
        list(sign order by sign) as signs
    from mention_flags
    group by kind, text_hash, position
)

select
    cluster_members.cluster_id,
    cluster_names.label,
    pieces.kind,
    pieces.transcript_id,
    transcripts.model,
    transcripts.group_key,
    features.piece_id,
    features.position,
    vocabulary.text as feature,
    cluster_members.similarity,
    list_concat(
        coalesce(feature_signs.signs, cast([] as varchar[])), coalesce(mention_signs.signs, cast([] as varchar[]))
    ) as signs,
    evidence.status as quote_status,
    evidence.quote,
    evidence.start as quote_start,
    rated_texts.model as rated_by,
    rated_texts.request_key,
    pieces.text
from features
inner join pieces on features.piece_id = pieces.piece_id
inner join transcripts on pieces.transcript_id = transcripts.transcript_id
inner join vocabulary on features.feature_id = vocabulary.feature_id
inner join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
left join cluster_members on features.feature_id = cluster_members.feature_id
left join cluster_names on cluster_members.cluster_id = cluster_names.cluster_id
left join feature_signs on features.feature_id = feature_signs.feature_id
left join mention_signs
    on
        pieces.kind = mention_signs.kind
        and pieces.text_hash = mention_signs.text_hash
        and features.position = mention_signs.position
left join evidence
    on
        pieces.kind = evidence.kind
        and pieces.text_hash = evidence.text_hash
        and features.position = evidence.position

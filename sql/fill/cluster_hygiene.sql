-- grain: one row per cluster: what shows it, with and without removed features
-- (given as `senses`: cluster_id, feature_id, is_denied, about; set variable removed = ['names something absent'];
-- set variable min_groups = 3)
with removed_features as (
    select
        feature_id,
        bool_or(sign = 'repeats a prompt example') as is_echo,
        bool_or(list_contains(cast(getvariable('removed') as varchar[]), sign)) as is_removed
    from feature_flags
    group by feature_id
),

removed_mentions as (
    select distinct
        kind,
        text_hash,
        position
    from mention_flags
    where list_contains(cast(getvariable('removed') as varchar[]), sign)
),

mentions as (
    select
        cluster_members.cluster_id,
        cluster_members.kind,
        features.piece_id,
        pieces.transcript_id,
        coalesce(transcripts.group_key, transcripts.transcript_id) as group_key,
        coalesce(removed_features.is_echo, false) as is_echo,
        coalesce(removed_features.is_removed, false) or removed_mentions.position is not null as is_removed,
        senses.is_denied
    from cluster_members
    inner join features on cluster_members.feature_id = features.feature_id
    inner join pieces on features.piece_id = pieces.piece_id
    inner join transcripts on pieces.transcript_id = transcripts.transcript_id
    left join removed_features on features.feature_id = removed_features.feature_id
    left join removed_mentions
        on
            pieces.kind = removed_mentions.kind
            and pieces.text_hash = removed_mentions.text_hash
            and features.position = removed_mentions.position
    left join senses on features.feature_id = senses.feature_id
    where cluster_members.cluster_id is not null
),

sizes as (
    select count(distinct coalesce(group_key, transcript_id)) as n_groups
    from transcripts
)

select
    mentions.cluster_id,
    mentions.kind,
    count(distinct mentions.transcript_id) as n_transcripts,
    count(distinct mentions.transcript_id) filter (where not mentions.is_echo) as n_transcripts_without_echoes,
    count(distinct mentions.transcript_id) filter (where not mentions.is_removed) as n_transcripts_clean,
    count(distinct mentions.piece_id) filter (where not mentions.is_removed) as n_pieces_clean,
    count(distinct mentions.group_key) as n_groups,
    -- with fewer groups in all than min_groups, a cluster that every group shows is not private
    count(distinct mentions.group_key)
    < least(coalesce(getvariable('min_groups'), 3), any_value(sizes.n_groups)) as is_private,
    count(distinct mentions.transcript_id) filter (where not mentions.is_denied) as n_transcripts_affirmed,
    count(distinct mentions.transcript_id) filter (where mentions.is_denied) as n_transcripts_denied,
    bool_or(mentions.is_denied is not null) as has_both_senses
from mentions
cross join sizes
group by mentions.cluster_id, mentions.kind
order by mentions.kind, mentions.cluster_id

-- grain: one row per cluster of the report and feature: its eight most common members
with shown as (
    select cluster_id
    from clean_prevalence
    where not is_private
    qualify
        row_number() over (
            partition by kind
            order by coalesce(n_transcripts_clean, n_transcripts) desc, n_transcripts desc, cluster_id asc
        ) <= 12
    union
    select cluster_id
    from clean_prevalence
    where interest is not null and not is_private and coalesce(n_transcripts_clean, n_transcripts) >= 3
    qualify
        row_number() over (
            partition by kind
            order by interest desc, coalesce(n_transcripts_clean, n_transcripts) desc, cluster_id asc
        ) <= 8
)

select
    cluster_members.cluster_id,
    vocabulary.text as feature,
    vocabulary.n_transcripts,
    cluster_members.similarity
from shown
inner join cluster_members on shown.cluster_id = cluster_members.cluster_id
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
qualify
    row_number() over (
        partition by cluster_members.cluster_id
        order by vocabulary.n_transcripts desc, cluster_members.similarity desc, vocabulary.text asc
    ) <= 8
order by
    cluster_members.cluster_id asc,
    vocabulary.n_transcripts desc,
    cluster_members.similarity desc,
    feature asc

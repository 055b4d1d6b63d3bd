-- grain: one row per cluster of the report and example: how three of its pieces begin
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
    cluster_examples.cluster_id,
    cluster_examples.feature,
    cluster_examples.transcript_id,
    cluster_examples.model,
    cluster_examples.excerpt
from cluster_examples
semi join shown on cluster_examples.cluster_id = shown.cluster_id
where cluster_examples.example <= 3
order by cluster_examples.cluster_id, cluster_examples.example

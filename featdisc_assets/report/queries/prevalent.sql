-- grain: one row per cluster: the twelve of each kind that most transcripts show by features without a sign
select
    kind,
    cluster_id,
    label,
    description,
    interest,
    coalesce(n_transcripts_clean, n_transcripts) as n_transcripts,
    n_rated_transcripts,
    coalesce(prevalence_clean, prevalence) as prevalence,
    coalesce(prevalence_clean_low, prevalence_low) as prevalence_low,
    coalesce(prevalence_clean_high, prevalence_high) as prevalence_high,
    n_transcripts as n_transcripts_raw,
    prevalence as prevalence_raw,
    n_transcripts_affirmed,
    n_transcripts_denied,
    has_both_senses,
    n_features,
    coherence,
    row_number() over (
        partition by kind
        order by coalesce(n_transcripts_clean, n_transcripts) desc, n_transcripts desc, cluster_id asc
    ) as rank
from clean_prevalence
where not is_private
qualify rank <= 12
order by kind, rank

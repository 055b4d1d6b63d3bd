-- grain: one row per cluster: the eight of each kind with the highest scores, if three transcripts show them cleanly
select
    clean_prevalence.kind,
    clean_prevalence.cluster_id,
    clean_prevalence.label,
    clean_prevalence.description,
    clean_prevalence.interest,
    cluster_interest.spread,
    cluster_interest.n_scores,
    coalesce(clean_prevalence.n_transcripts_clean, clean_prevalence.n_transcripts) as n_transcripts,
    clean_prevalence.n_rated_transcripts,
    coalesce(clean_prevalence.prevalence_clean, clean_prevalence.prevalence) as prevalence,
    coalesce(clean_prevalence.prevalence_clean_low, clean_prevalence.prevalence_low) as prevalence_low,
    coalesce(clean_prevalence.prevalence_clean_high, clean_prevalence.prevalence_high) as prevalence_high,
    clean_prevalence.n_transcripts as n_transcripts_raw,
    clean_prevalence.prevalence as prevalence_raw,
    clean_prevalence.n_transcripts_affirmed,
    clean_prevalence.n_transcripts_denied,
    clean_prevalence.has_both_senses,
    clean_prevalence.n_features,
    clean_prevalence.coherence,
    row_number() over (
        partition by clean_prevalence.kind
        order by
            clean_prevalence.interest desc,
            coalesce(clean_prevalence.n_transcripts_clean, clean_prevalence.n_transcripts) desc,
            clean_prevalence.cluster_id asc
    ) as rank
from clean_prevalence
inner join cluster_interest on clean_prevalence.cluster_id = cluster_interest.cluster_id
where
    clean_prevalence.interest is not null
    and not clean_prevalence.is_private
    and coalesce(clean_prevalence.n_transcripts_clean, clean_prevalence.n_transcripts) >= 3
qualify rank <= 8
order by clean_prevalence.kind, rank

-- grain: one row per cluster: prevalence as rated, without prompt echoes, and without all removed features
select
    cluster_prevalence.kind,
    cluster_prevalence.cluster_id,
    cluster_prevalence.label,
    cluster_prevalence.description,
    cluster_prevalence.interest,
    cluster_prevalence.n_rated_transcripts,
    cluster_prevalence.n_transcripts,
    cluster_prevalence.prevalence,
    cluster_prevalence.prevalence_low,
    cluster_prevalence.prevalence_high,
    cluster_hygiene.n_transcripts_without_echoes,
    cluster_hygiene.n_transcripts_without_echoes
    / cluster_prevalence.n_rated_transcripts as prevalence_without_echoes,
    cluster_hygiene.n_transcripts_clean,
    cluster_hygiene.n_transcripts_clean / cluster_prevalence.n_rated_transcripts as prevalence_clean,
    if(
        cluster_hygiene.n_transcripts_clean is not null,
        wilson_low(cluster_hygiene.n_transcripts_clean, cluster_prevalence.n_rated_transcripts),
        null
    ) as prevalence_clean_low,
    if(
        cluster_hygiene.n_transcripts_clean is not null,
        wilson_high(cluster_hygiene.n_transcripts_clean, cluster_prevalence.n_rated_transcripts),
        null
    ) as prevalence_clean_high,
    cluster_hygiene.has_both_senses,
    cluster_hygiene.n_transcripts_affirmed,
    cluster_hygiene.n_transcripts_denied,
    cluster_hygiene.n_groups,
    coalesce(cluster_hygiene.is_private, false) as is_private,
    cluster_prevalence.n_features,
    cluster_prevalence.coherence
from cluster_prevalence
left join cluster_hygiene on cluster_prevalence.cluster_id = cluster_hygiene.cluster_id

-- grain: one row per labelled cluster that enough groups show to be shared: its clean prevalence
select
    kind,
    cluster_id,
    label,
    description,
    interest,
    n_transcripts_clean,
    n_rated_transcripts,
    prevalence_clean,
    prevalence_clean_low,
    prevalence_clean_high,
    prevalence,
    n_groups
from clean_prevalence
where not is_private and label is not null

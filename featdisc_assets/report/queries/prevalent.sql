-- grain: one row per cluster: the twelve of each kind with the most transcripts, without removed features
select
    kind,
    cluster_id,
    label,
    description,
    interest,
    n_transcripts,
    n_rated_transcripts,
    prevalence,
    prevalence_low,
    prevalence_high,
    n_transcripts_raw,
    prevalence_raw,
    n_transcripts_affirmed,
    n_transcripts_denied,
    has_both_senses,
    n_features,
    coherence,
    prevalence_rank as rank
from report_clusters
where prevalence_rank <= 12
order by kind, rank

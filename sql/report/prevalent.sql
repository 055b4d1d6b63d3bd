-- grain: one row per cluster: the twelve of each kind that most transcripts show
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
    n_features,
    coherence,
    row_number() over (partition by kind order by n_transcripts desc, cluster_id asc) as rank
from cluster_prevalence
qualify rank <= 12
order by kind, rank

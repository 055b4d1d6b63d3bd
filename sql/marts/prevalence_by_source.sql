-- grain: one row per source and cluster of the kinds it was rated in: the share of its transcripts that show it
select
    group_value as source,
    kind,
    cluster_id,
    label,
    n_transcripts,
    n_rated_transcripts,
    prevalence,
    prevalence_low,
    prevalence_high
from prevalence_by('source', true)

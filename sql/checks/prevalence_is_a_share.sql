-- grain: one row per cluster whose prevalence is outside 0 to 1 or outside its own interval
select
    cluster_id,
    n_transcripts,
    n_rated_transcripts,
    prevalence
from cluster_prevalence
where
    prevalence not between 0 and 1
    or prevalence < prevalence_low - 1e-9
    or prevalence > prevalence_high + 1e-9

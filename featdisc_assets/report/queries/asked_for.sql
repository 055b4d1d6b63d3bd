-- grain: one row per cluster of the codebook: shown when asked for and when listed freely, on the same transcripts
select
    codebook_prevalence.kind,
    codebook_prevalence.cluster_id,
    codebook_prevalence.label,
    codebook_prevalence.asked_of,
    codebook_prevalence.n_transcripts_asked,
    codebook_prevalence.n_shown,
    codebook_prevalence.prevalence_asked,
    codebook_prevalence.prevalence_asked_low,
    codebook_prevalence.prevalence_asked_high,
    codebook_prevalence.n_listed,
    codebook_prevalence.prevalence_listed,
    codebook_prevalence.kappa
from codebook_prevalence
anti join private_clusters on codebook_prevalence.cluster_id = private_clusters.cluster_id
order by
    list_position(['user', 'thought', 'response'], codebook_prevalence.kind) asc,
    codebook_prevalence.n_shown desc,
    codebook_prevalence.cluster_id asc
limit 40

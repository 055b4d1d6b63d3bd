-- grain: one row per cluster: the eight of each kind with the highest scores, if three transcripts show them
select
    cluster_prevalence.kind,
    cluster_prevalence.cluster_id,
    cluster_prevalence.label,
    cluster_prevalence.description,
    cluster_prevalence.interest,
    cluster_interest.spread,
    cluster_interest.n_scores,
    cluster_prevalence.n_transcripts,
    cluster_prevalence.n_rated_transcripts,
    cluster_prevalence.prevalence,
    cluster_prevalence.prevalence_low,
    cluster_prevalence.prevalence_high,
    cluster_prevalence.n_features,
    cluster_prevalence.coherence,
    row_number() over (
        partition by cluster_prevalence.kind
        order by
            cluster_prevalence.interest desc,
            cluster_prevalence.n_transcripts desc,
            cluster_prevalence.cluster_id asc
    ) as rank
from cluster_prevalence
inner join cluster_interest on cluster_prevalence.cluster_id = cluster_interest.cluster_id
where cluster_prevalence.interest is not null and cluster_prevalence.n_transcripts >= 3
qualify rank <= 8
order by cluster_prevalence.kind, rank

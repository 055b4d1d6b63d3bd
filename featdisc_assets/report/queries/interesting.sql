-- grain: one row per cluster: the eight of each kind with the highest scores, if three transcripts show them cleanly
select
    report_clusters.kind,
    report_clusters.cluster_id,
    report_clusters.label,
    report_clusters.description,
    report_clusters.interest,
    cluster_interest.spread,
    cluster_interest.n_scores,
    report_clusters.n_transcripts,
    report_clusters.n_rated_transcripts,
    report_clusters.prevalence,
    report_clusters.prevalence_low,
    report_clusters.prevalence_high,
    report_clusters.n_transcripts_raw,
    report_clusters.prevalence_raw,
    report_clusters.n_transcripts_affirmed,
    report_clusters.n_transcripts_denied,
    report_clusters.has_both_senses,
    report_clusters.n_features,
    report_clusters.coherence,
    report_clusters.interest_rank as rank
from report_clusters
inner join cluster_interest on report_clusters.cluster_id = cluster_interest.cluster_id
where report_clusters.interest_rank <= 8
order by report_clusters.kind, rank

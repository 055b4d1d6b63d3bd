-- grain: one row per cluster: the share of transcripts that show it, of those with a rated piece of its kind
select
    clusters.kind,
    clusters.cluster_id,
    cluster_names.label,
    cluster_names.description,
    cluster_interest.interest,
    clusters.n_transcripts,
    rated_kinds.n_rated_transcripts,
    clusters.n_transcripts / rated_kinds.n_rated_transcripts as prevalence,
    wilson_low(clusters.n_transcripts, rated_kinds.n_rated_transcripts) as prevalence_low,
    wilson_high(clusters.n_transcripts, rated_kinds.n_rated_transcripts) as prevalence_high,
    clusters.n_pieces,
    rated_kinds.n_rated_pieces,
    clusters.n_features,
    clusters.coherence
from clusters
inner join rated_kinds on clusters.kind = rated_kinds.kind
left join cluster_names on clusters.cluster_id = cluster_names.cluster_id
left join cluster_interest on clusters.cluster_id = cluster_interest.cluster_id

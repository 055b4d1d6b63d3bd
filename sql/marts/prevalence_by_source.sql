-- grain: one row per source and cluster of the kinds it was rated in: the share of its transcripts that show it
with rated as (
    select
        source,
        kind,
        count(distinct transcript_id) as n_rated_transcripts
    from rated_pieces
    group by source, kind
),

shown as (
    select
        transcripts.source,
        transcript_clusters.cluster_id,
        count(*) as n_transcripts
    from transcript_clusters
    inner join transcripts on transcript_clusters.transcript_id = transcripts.transcript_id
    group by transcripts.source, transcript_clusters.cluster_id
)

select
    rated.source,
    clusters.kind,
    clusters.cluster_id,
    cluster_names.label,
    coalesce(shown.n_transcripts, 0) as n_transcripts,
    rated.n_rated_transcripts,
    coalesce(shown.n_transcripts, 0) / rated.n_rated_transcripts as prevalence,
    wilson_low(coalesce(shown.n_transcripts, 0), rated.n_rated_transcripts) as prevalence_low,
    wilson_high(coalesce(shown.n_transcripts, 0), rated.n_rated_transcripts) as prevalence_high
from clusters
inner join rated on clusters.kind = rated.kind
left join shown
    on clusters.cluster_id = shown.cluster_id and rated.source is not distinct from shown.source
left join cluster_names on clusters.cluster_id = cluster_names.cluster_id

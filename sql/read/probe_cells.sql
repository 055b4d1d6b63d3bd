-- grain: one row per transcript and cluster, of the kinds that predict and of the kind that is predicted
-- (set variable target_kind = 'thought'; input_kinds = ['user']; 'response' and ['user'] where they are not set)
select
    transcript_clusters.transcript_id,
    transcript_clusters.kind,
    transcript_clusters.cluster_id
from transcript_clusters
where
    list_contains(coalesce(getvariable('input_kinds'), ['user']), transcript_clusters.kind)
    or transcript_clusters.kind = coalesce(getvariable('target_kind'), 'response')
order by transcript_clusters.transcript_id, transcript_clusters.kind, transcript_clusters.cluster_id

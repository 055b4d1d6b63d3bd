-- grain: one row per transcript and cluster, of the user's turns and of the kind that is probed
-- (set variable target_kind = 'thought'; 'response' where it is not set)
with rated as (
    select transcript_id
    from rated_pieces
    where kind in ('user', coalesce(getvariable('target_kind'), 'response'))
    group by transcript_id
    having count(distinct kind) = 2
)

select
    transcript_clusters.transcript_id,
    transcript_clusters.kind,
    transcript_clusters.cluster_id
from transcript_clusters
inner join rated on transcript_clusters.transcript_id = rated.transcript_id
where transcript_clusters.kind in ('user', coalesce(getvariable('target_kind'), 'response'))
order by transcript_clusters.transcript_id, transcript_clusters.kind, transcript_clusters.cluster_id

-- grain: one row per thought or response cluster to probe, the most common first
-- (set variable max_targets = 1000; set variable min_positive = 10; set variable target_kinds = ['thought'])
select
    cluster_id,
    kind
from clusters
where
    list_contains(coalesce(getvariable('target_kinds'), ['thought', 'response']), kind)
    and n_transcripts >= coalesce(getvariable('min_positive'), 10)
order by n_transcripts desc, cluster_id asc
limit coalesce(getvariable('max_targets'), 1000)

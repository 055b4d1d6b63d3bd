-- grain: one row per kind of target: probes, scored probes, and probes worth reading
select
    probes.target_kind,
    count(*) as n_probes,
    count(probes.f1) as n_scored,
    count(worth.target_cluster_id) as n_worth,
    median(probes.f1) as median_f1
from probes
left join probes_worth_reading as worth
    on probes.target_cluster_id = worth.target_cluster_id and probes.inputs = worth.inputs
group by probes.target_kind
order by probes.target_kind desc

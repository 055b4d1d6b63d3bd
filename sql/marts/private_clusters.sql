-- grain: one row per private cluster: too few groups show it, so it may identify somebody
select
    cluster_hygiene.cluster_id,
    cluster_hygiene.kind,
    cluster_hygiene.n_groups
from cluster_hygiene
where cluster_hygiene.is_private

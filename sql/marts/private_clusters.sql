-- grain: one row per cluster that too few groups show to be passed on: it may tell of somebody
select
    cluster_hygiene.cluster_id,
    cluster_hygiene.kind,
    cluster_hygiene.n_groups
from cluster_hygiene
where cluster_hygiene.is_private

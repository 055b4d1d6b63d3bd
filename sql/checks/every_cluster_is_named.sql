-- grain: one row per cluster without a usable label
select
    clusters.cluster_id,
    clusters.kind,
    cluster_names.status,
    cluster_names.error
from clusters
left join cluster_names on clusters.cluster_id = cluster_names.cluster_id
where cluster_names.label is null and cluster_names.status is distinct from 'not_asked'

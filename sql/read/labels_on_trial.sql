-- grain: one row per named cluster: its name, its neighbours, and every feature that the namer saw
select
    cluster_names.cluster_id,
    clusters.kind,
    cluster_names.label,
    coalesce(cluster_names.description, '') as description,
    cluster_names.neighbour_ids,
    list_concat(
        cluster_names.sampled_feature_ids,
        coalesce(cluster_names.contrast_feature_ids, cast([] as varchar[]))
    ) as shown
from cluster_names
inner join clusters on cluster_names.cluster_id = clusters.cluster_id
where cluster_names.label is not null
order by cluster_names.cluster_id

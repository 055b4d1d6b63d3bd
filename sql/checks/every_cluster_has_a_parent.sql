-- grain: one row per cluster without a theme or area where others of its kind have one, or with an unknown one
with levels as (
    select
        kind,
        count(*) filter (where level = 'theme') > 0 as has_themes,
        count(*) filter (where level = 'area') > 0 as has_areas
    from parents
    group by kind
)

select
    clusters.cluster_id,
    clusters.kind,
    cluster_parents.theme_id,
    cluster_parents.area_id
from clusters
left join cluster_parents on clusters.cluster_id = cluster_parents.cluster_id
left join levels on clusters.kind = levels.kind
left join parents as themes on cluster_parents.theme_id = themes.parent_id
left join parents as areas on cluster_parents.area_id = areas.parent_id
where
    cluster_parents.cluster_id is null
    or (themes.parent_id is null and coalesce(levels.has_themes, false))
    or (areas.parent_id is null and coalesce(levels.has_areas, false))
    -- a theme has one area, that of its clusters
    or themes.area_id is distinct from cluster_parents.area_id

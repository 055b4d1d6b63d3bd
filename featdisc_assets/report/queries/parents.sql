-- grain: one row per theme and area: all areas, and the fifteen largest themes of each (or of a kind without areas)
with holding as (
    select unnest([theme_id, area_id]) as parent_id
    from cluster_tree
    where not is_private
),

sizes as (
    select
        parent_id,
        count(*) as n_clusters
    from holding
    where parent_id is not null
    group by parent_id
)

select
    parent_prevalence.kind,
    parent_prevalence.level,
    parent_prevalence.parent_id,
    parent_prevalence.area_id,
    parent_prevalence.label,
    parent_prevalence.description,
    parent_prevalence.n_transcripts,
    parent_prevalence.n_rated_transcripts,
    parent_prevalence.prevalence,
    sizes.n_clusters,
    count(*) over (
        partition by parent_prevalence.kind, parent_prevalence.level, parent_prevalence.area_id
    ) as n_siblings
from parent_prevalence
-- only those with a cluster that is not private
inner join sizes on parent_prevalence.parent_id = sizes.parent_id
qualify
    parent_prevalence.level = 'area'
    or row_number() over (
        partition by parent_prevalence.kind, parent_prevalence.level, parent_prevalence.area_id
        order by parent_prevalence.n_transcripts desc, parent_prevalence.parent_id asc
    ) <= 15
order by
    parent_prevalence.kind asc,
    parent_prevalence.level asc,
    parent_prevalence.n_transcripts desc,
    parent_prevalence.parent_id asc

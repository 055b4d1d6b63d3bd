-- grain: one row per theme and area: the share of transcripts that show it, of those with a rated piece of its kind
with holding as (
    select
        cluster_id,
        unnest([theme_id, area_id]) as parent_id
    from cluster_parents
),

private as (
    select
        holding.parent_id,
        bool_and(coalesce(cluster_hygiene.is_private, false)) as is_private
    from holding
    left join cluster_hygiene on holding.cluster_id = cluster_hygiene.cluster_id
    where holding.parent_id is not null
    group by holding.parent_id
)

select
    parents.kind,
    parents.level,
    parents.parent_id,
    parents.area_id,
    parent_names.label,
    parent_names.description,
    parents.n_clusters,
    parents.n_transcripts,
    rated_kinds.n_rated_transcripts,
    parents.n_transcripts / rated_kinds.n_rated_transcripts as prevalence,
    wilson_low(parents.n_transcripts, rated_kinds.n_rated_transcripts) as prevalence_low,
    wilson_high(parents.n_transcripts, rated_kinds.n_rated_transcripts) as prevalence_high,
    parents.n_pieces,
    rated_kinds.n_rated_pieces,
    parents.n_features,
    private.is_private
from parents
inner join rated_kinds on parents.kind = rated_kinds.kind
inner join private on parents.parent_id = private.parent_id
left join parent_names on parents.parent_id = parent_names.parent_id

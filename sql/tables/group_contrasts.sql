-- grain: one row per way of grouping, group and cluster: transcripts that show it, inside the group and outside
with rated as (
    select distinct
        rated_pieces.transcript_id,
        rated_pieces.kind,
        transcripts.model,
        transcripts.source
    from rated_pieces
    inner join transcripts on rated_pieces.transcript_id = transcripts.transcript_id
),

grouped as (
    select
        transcript_id,
        kind,
        'model' as grouped_by,
        model as group_value
    from rated
    where model is not null
    union all
    select
        transcript_id,
        kind,
        'source' as grouped_by,
        source as group_value
    from rated
),

sizes as (
    select
        grouped_by,
        kind,
        group_value,
        count(*) as n_in,
        sum(count(*)) over (partition by grouped_by, kind) as n_all
    from grouped
    group by grouped_by, kind, group_value
),

shown as (
    select
        grouped.grouped_by,
        grouped.kind,
        grouped.group_value,
        transcript_clusters.cluster_id,
        count(*) as k_in
    from grouped
    inner join transcript_clusters
        on grouped.transcript_id = transcript_clusters.transcript_id and grouped.kind = transcript_clusters.kind
    group by grouped.grouped_by, grouped.kind, grouped.group_value, transcript_clusters.cluster_id
),

totals as (
    select
        grouped_by,
        cluster_id,
        sum(k_in) as k_all
    from shown
    group by grouped_by, cluster_id
)

select
    sizes.grouped_by,
    sizes.group_value,
    sizes.kind,
    clusters.cluster_id,
    cast(sizes.n_in as bigint) as n_in,
    cast(coalesce(shown.k_in, 0) as bigint) as k_in,
    cast(sizes.n_all - sizes.n_in as bigint) as n_out,
    cast(totals.k_all - coalesce(shown.k_in, 0) as bigint) as k_out
from sizes
inner join clusters on sizes.kind = clusters.kind
inner join totals on sizes.grouped_by = totals.grouped_by and clusters.cluster_id = totals.cluster_id
left join shown
    on
        sizes.grouped_by = shown.grouped_by
        and sizes.kind = shown.kind
        and sizes.group_value = shown.group_value
        and clusters.cluster_id = shown.cluster_id
where sizes.n_in < sizes.n_all and totals.k_all >= coalesce(getvariable('min_support'), 5)
order by all

-- grain: one row per pair of clusters of two kinds that at least `min_support` transcripts show together, counted
-- among transcripts rated in both kinds, with the design effect of transcripts that share a group key
-- (set variable left_kind = 'user'; right_kind = 'response'; min_support = 5; these where they are not set)
with common as (
    select
        rated_pieces.transcript_id,
        any_value(transcripts.group_key) as group_key
    from rated_pieces
    inner join transcripts on rated_pieces.transcript_id = transcripts.transcript_id
    where
        rated_pieces.kind
        in (coalesce(getvariable('left_kind'), 'user'), coalesce(getvariable('right_kind'), 'response'))
    group by rated_pieces.transcript_id
    having count(distinct rated_pieces.kind) = 2
),

units as materialized (
    select
        transcript_id,
        row_number() over (order by transcript_id) as transcript,
        dense_rank() over (order by coalesce(group_key, '=' || transcript_id)) as unit,
        count(*) over (partition by coalesce(group_key, '=' || transcript_id)) as n_unit
    from common
),

totals as materialized (
    select
        cast(count(*) as double) as n,
        cast(coalesce(sum(n_unit), 0) as double) as sum_sizes_squared
    from units
),

numbers as materialized (
    select
        cluster_id,
        kind = coalesce(getvariable('left_kind'), 'user') as is_left,
        row_number() over (order by cluster_id) as cluster_number
    from clusters
    where kind in (coalesce(getvariable('left_kind'), 'user'), coalesce(getvariable('right_kind'), 'response'))
),

cells as materialized (
    select
        numbers.is_left,
        numbers.cluster_number,
        units.transcript,
        units.unit,
        units.n_unit
    from transcript_clusters
    inner join numbers on transcript_clusters.cluster_id = numbers.cluster_id
    inner join units on transcript_clusters.transcript_id = units.transcript_id
),

in_units as (
    select
        is_left,
        cluster_number,
        unit,
        any_value(n_unit) as n_unit,
        count(*) as n_shown
    from cells
    group by is_left, cluster_number, unit
),

summed as (
    select
        is_left,
        cluster_number,
        cast(sum(n_shown) as double) as n_shown,
        cast(sum(n_shown * n_shown) as double) as sum_squares,
        cast(sum(n_shown * n_unit) as double) as sum_products
    from in_units
    group by is_left, cluster_number
    having sum(n_shown) >= coalesce(getvariable('min_support'), 5)
),

-- moment estimate of each cluster's intra-group correlation, as in statistics/association.py
marginals as materialized (
    select
        summed.is_left,
        summed.cluster_number,
        summed.n_shown,
        case
            when summed.n_shown < totals.n and totals.sum_sizes_squared > totals.n
                then (
                    summed.sum_squares
                    - 2 * summed.n_shown / totals.n * summed.sum_products
                    + (summed.n_shown / totals.n) * (summed.n_shown / totals.n) * totals.sum_sizes_squared
                    - summed.n_shown * (1 - summed.n_shown / totals.n)
                )
                / (
                    summed.n_shown / totals.n * (1 - summed.n_shown / totals.n)
                    * (totals.sum_sizes_squared - totals.n)
                )
            else 0
        end as rho
    from summed
    cross join totals
),

families as (
    select count(*) filter (where is_left) * count(*) filter (where not is_left) as n_tests
    from marginals
),

pairs as (
    select
        lefts.cluster_number as left_cluster,
        rights.cluster_number as right_cluster,
        count(*) as n_both
    from cells as lefts
    inner join cells as rights on lefts.transcript = rights.transcript
    where
        lefts.is_left
        and not rights.is_left
        and lefts.cluster_number in (
            select marginals.cluster_number from marginals
            where marginals.is_left
        )
        and rights.cluster_number in (
            select marginals.cluster_number from marginals
            where not marginals.is_left
        )
    group by lefts.cluster_number, rights.cluster_number
    having count(*) >= coalesce(getvariable('min_support'), 5)
)

select
    coalesce(getvariable('left_kind'), 'user') as left_kind,
    left_numbers.cluster_id as left_cluster_id,
    coalesce(getvariable('right_kind'), 'response') as right_kind,
    right_numbers.cluster_id as right_cluster_id,
    cast(totals.n as bigint) as n_transcripts,
    cast(lefts.n_shown as bigint) as n_left,
    cast(rights.n_shown as bigint) as n_right,
    pairs.n_both,
    -- at least 1, because pairs of clusters are not paired by design
    greatest(1.0, 1 + (totals.sum_sizes_squared / totals.n - 1) * lefts.rho * rights.rho)
        as design_effect,
    families.n_tests
from pairs
inner join marginals as lefts on pairs.left_cluster = lefts.cluster_number
inner join marginals as rights on pairs.right_cluster = rights.cluster_number
inner join numbers as left_numbers on pairs.left_cluster = left_numbers.cluster_number
inner join numbers as right_numbers on pairs.right_cluster = right_numbers.cluster_number
cross join totals
cross join families
order by pairs.left_cluster, pairs.right_cluster

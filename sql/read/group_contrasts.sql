-- grain: one row per comparison of two sides and cluster: transcripts of either side that show it, with sums over group
-- keys and strata for a test that accounts for groups of transcripts
-- (set variable comparisons = a list of structs grouped_by, group_value, versus, where null means all others;
-- stratify_by = a column of transcript_groups; each model and source against all others where they are not set)
with every as (
    select list(struct_pack(grouped_by := grouped_by, group_value := group_value, versus := null)) as comparisons
    from (
        select distinct
            grouped_by,
            group_value
        from transcript_groups
        where grouped_by in ('model', 'source')
    ) as groups_of
),

unnested as (
    select unnest(coalesce(getvariable('comparisons'), every.comparisons)) as one
    from every
),

asked as (
    select
        row_number() over () as comparison,
        struct_extract(one, 'grouped_by') as grouped_by,
        struct_extract(one, 'group_value') as group_value,
        struct_extract(one, 'versus') as versus
    from unnested
),

layers as (
    select
        transcript_id,
        dense_rank() over (order by group_value) as stratum
    from transcript_groups
    where grouped_by = getvariable('stratify_by')
),

units as materialized (
    select
        transcripts.transcript_id,
        row_number() over (order by transcripts.transcript_id) as transcript,
        dense_rank() over (order by coalesce(transcripts.group_key, '=' || transcripts.transcript_id)) as unit,
        coalesce(layers.stratum, 0) as stratum
    from transcripts
    left join layers on transcripts.transcript_id = layers.transcript_id
),

rated as materialized (
    select distinct
        rated_pieces.kind,
        units.transcript,
        units.unit
    from rated_pieces
    inner join units on rated_pieces.transcript_id = units.transcript_id
),

numbers as (
    select
        cluster_id,
        kind,
        row_number() over (order by cluster_id) as cluster_number
    from clusters
),

cells as materialized (
    select
        numbers.kind,
        numbers.cluster_number,
        units.transcript,
        units.unit
    from transcript_clusters
    inner join numbers on transcript_clusters.cluster_id = numbers.cluster_id
    inner join units on transcript_clusters.transcript_id = units.transcript_id
),

-- sums for the intra-group correlation of each cluster, over all transcripts
rated_units as (
    select
        kind,
        unit,
        count(*) as n_unit
    from rated
    group by kind, unit
),

kinds as (
    select
        kind,
        sum(n_unit) as n_rated,
        sum(n_unit * n_unit) as sum_sizes_squared
    from rated_units
    group by kind
),

by_unit as (
    select
        kind,
        cluster_number,
        unit,
        count(*) as n_shown
    from cells
    group by kind, cluster_number, unit
),

within_units as (
    select
        by_unit.cluster_number,
        sum(by_unit.n_shown) as n_shown,
        sum(by_unit.n_shown * by_unit.n_shown) as sum_squares,
        sum(by_unit.n_shown * rated_units.n_unit) as sum_products
    from by_unit
    inner join rated_units on by_unit.kind = rated_units.kind and by_unit.unit = rated_units.unit
    group by by_unit.cluster_number
),

sides as materialized (
    select
        asked.comparison,
        units.transcript,
        units.unit,
        units.stratum,
        transcript_groups.group_value = asked.group_value as is_in
    from asked
    inner join transcript_groups
        on
            asked.grouped_by = transcript_groups.grouped_by
            and (
                asked.versus is null
                or asked.versus = transcript_groups.group_value
                or asked.group_value = transcript_groups.group_value
            )
    inner join units on transcript_groups.transcript_id = units.transcript_id
),

side_units as (
    select
        sides.comparison,
        rated.kind,
        sides.unit,
        count(*) as m,
        count(*) filter (where sides.is_in) as m_in
    from sides
    inner join rated on sides.transcript = rated.transcript
    group by sides.comparison, rated.kind, sides.unit
),

sizes as materialized (
    select
        comparison,
        kind,
        sum(m) as n_all,
        sum(m_in) as n_in,
        sum(m * m) as sum_sizes_squared,
        sum(m_in * m_in) as sum_in_squared,
        sum(m_in * m) as sum_in_products,
        -- nearly every transcript has one of the other side under its group key, as answers to equal questions do
        coalesce(sum(m) filter (where m_in between 1 and m - 1), 0) >= 0.9 * sum(m) as is_paired,
        max(m_in) > 1 and max(m - m_in) > 1 as is_repeated
    from side_units
    group by comparison, kind
),

shown as materialized (
    select
        sides.comparison,
        cells.kind,
        cells.cluster_number,
        if(sizes.is_paired, cells.unit, sides.stratum) as stratum,
        count(*) as k,
        count(*) filter (where sides.is_in) as k_in
    from cells
    inner join sides on cells.transcript = sides.transcript
    inner join sizes on sides.comparison = sizes.comparison and cells.kind = sizes.kind
    group by all
),

strata as (
    select
        sides.comparison,
        rated.kind,
        if(sizes.is_paired, sides.unit, sides.stratum) as stratum,
        cast(count(*) as double) as m,
        cast(count(*) filter (where sides.is_in) as double) as m_in
    from sides
    inner join rated on sides.transcript = rated.transcript
    inner join sizes on sides.comparison = sizes.comparison and rated.kind = sizes.kind
    group by all
),

tables_of as (
    select
        shown.comparison,
        shown.cluster_number,
        shown.k,
        shown.k_in,
        strata.m,
        shown.k < strata.m and strata.m_in between 1 and strata.m - 1 as is_informative,
        shown.k_in - strata.m_in * shown.k / strata.m as surplus,
        strata.m_in * shown.k / strata.m as expected,
        strata.m_in * (strata.m - strata.m_in) * shown.k * (strata.m - shown.k)
        / (strata.m * strata.m * greatest(strata.m - 1, 1)) as variance,
        (strata.m - 2 * shown.k) * (strata.m - 2 * strata.m_in) / (strata.m * greatest(strata.m - 2, 1)) as skew,
        shown.k_in * (strata.m - strata.m_in - shown.k + shown.k_in) / strata.m as r,
        (strata.m_in - shown.k_in) * (shown.k - shown.k_in) / strata.m as s,
        (2 * shown.k_in + strata.m - strata.m_in - shown.k) / strata.m as p
    from shown
    inner join strata
        on shown.comparison = strata.comparison and shown.kind = strata.kind and shown.stratum = strata.stratum
),

sums as (
    select
        comparison,
        cluster_number,
        sum(k) as k_all,
        sum(k_in) as k_in,
        count(*) filter (where is_informative) as n_strata,
        coalesce(sum(k_in) filter (where is_informative), 0) as k_strata,
        coalesce(sum(expected) filter (where is_informative), 0) as expected,
        coalesce(sum(variance) filter (where is_informative), 0) as variance,
        coalesce(sum(variance * skew) filter (where is_informative), 0) as third,
        coalesce(sum(surplus * surplus) filter (where is_informative), 0) as surplus_squared,
        coalesce(sum(surplus * variance) filter (where is_informative), 0) as surplus_variance,
        coalesce(sum(variance * variance) filter (where is_informative), 0) as variance_squared,
        coalesce(sum(r), 0) as sum_r,
        coalesce(sum(s), 0) as sum_s,
        coalesce(sum(p * r), 0) as sum_pr,
        coalesce(sum(p * s + (1 - p) * r), 0) as sum_ps_qr,
        coalesce(sum((1 - p) * s), 0) as sum_qs
    from tables_of
    group by comparison, cluster_number
)

select
    asked.grouped_by,
    asked.group_value,
    asked.versus,
    sizes.kind,
    numbers.cluster_id,
    cast(sizes.n_in as double) as n_in,
    cast(coalesce(sums.k_in, 0) as double) as k_in,
    cast(sizes.n_all - sizes.n_in as double) as n_out,
    cast(coalesce(sums.k_all - sums.k_in, 0) as double) as k_out,
    case
        when sizes.is_paired then 'paired'
        when getvariable('stratify_by') is not null then 'stratified'
        when sizes.sum_sizes_squared > sizes.n_all then 'clustered'
        else 'independent'
    end as design,
    sizes.is_paired and sizes.is_repeated as is_repeated,
    cast(sizes.sum_sizes_squared as double) as sum_sizes_squared,
    cast(sizes.sum_in_squared as double) as sum_in_squared,
    cast(sizes.sum_in_products as double) as sum_in_products,
    cast(kinds.n_rated as double) as n_rated,
    cast(kinds.sum_sizes_squared as double) as rated_sizes_squared,
    cast(coalesce(within_units.n_shown, 0) as double) as n_shown,
    cast(coalesce(within_units.sum_squares, 0) as double) as sum_squares,
    cast(coalesce(within_units.sum_products, 0) as double) as sum_products,
    cast(coalesce(sums.n_strata, 0) as double) as n_strata,
    cast(coalesce(sums.k_strata, 0) as double) as k_strata,
    coalesce(sums.expected, 0) as expected,
    coalesce(sums.variance, 0) as variance,
    coalesce(sums.third, 0) as third,
    coalesce(sums.surplus_squared, 0) as surplus_squared,
    coalesce(sums.surplus_variance, 0) as surplus_variance,
    coalesce(sums.variance_squared, 0) as variance_squared,
    coalesce(sums.sum_r, 0) as sum_r,
    coalesce(sums.sum_s, 0) as sum_s,
    coalesce(sums.sum_pr, 0) as sum_pr,
    coalesce(sums.sum_ps_qr, 0) as sum_ps_qr,
    coalesce(sums.sum_qs, 0) as sum_qs
from sizes
inner join asked on sizes.comparison = asked.comparison
inner join kinds on sizes.kind = kinds.kind
inner join numbers on sizes.kind = numbers.kind
left join within_units on numbers.cluster_number = within_units.cluster_number
left join sums on sizes.comparison = sums.comparison and numbers.cluster_number = sums.cluster_number
order by asked.grouped_by, asked.group_value, asked.versus, sizes.kind, numbers.cluster_id

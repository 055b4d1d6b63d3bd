-- grain: one row per named cluster and feature to test its label on, with their similarity: members that the namer did
-- not see (those it saw, where fewer than two are left) and members of the nearest clusters
-- (given as `named`: cluster_id, neighbour_ids, vector; as `shown`: cluster_id, feature_id; set variable per_side = 40)
with own as (
    select
        named.cluster_id,
        cluster_members.feature_id,
        shown.feature_id is not null as is_shown,
        count(*) filter (where shown.feature_id is null) over (partition by named.cluster_id) as n_held_out
    from named
    inner join cluster_members on named.cluster_id = cluster_members.cluster_id
    left join shown
        on named.cluster_id = shown.cluster_id and cluster_members.feature_id = shown.feature_id
),

members as (
    select
        cluster_id,
        feature_id,
        true as is_member,
        is_shown
    from own
    where is_shown = (n_held_out < 2)
    qualify
        row_number() over (partition by cluster_id order by md5(concat_ws(chr(31), cluster_id, feature_id)))
        <= coalesce(getvariable('per_side'), 40)
),

neighbours as (
    select
        cluster_id,
        unnest(neighbour_ids) as neighbour_id
    from named
),

others as (
    select
        neighbours.cluster_id,
        cluster_members.feature_id,
        false as is_member,
        false as is_shown
    from neighbours
    inner join cluster_members on neighbours.neighbour_id = cluster_members.cluster_id
    left join shown
        on neighbours.cluster_id = shown.cluster_id and cluster_members.feature_id = shown.feature_id
    where shown.feature_id is null
    qualify
        row_number() over (
            partition by neighbours.cluster_id
            order by md5(concat_ws(chr(31), neighbours.cluster_id, cluster_members.feature_id))
        ) <= coalesce(getvariable('per_side'), 40)
),

items as (
    select * from members
    union all by name
    select * from others
)

select
    items.cluster_id,
    items.feature_id,
    items.is_member,
    items.is_shown,
    list_inner_product(cast(vectors.vector as float[]), named.vector) as score
from items
inner join named on items.cluster_id = named.cluster_id
inner join current_vectors() as vectors on items.feature_id = vectors.feature_id
order by items.cluster_id asc, items.is_member desc, items.feature_id asc

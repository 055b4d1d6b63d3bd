-- grain: one row per parent of a level, largest first: the names of its children for the namer
-- (the ten children with most transcripts, and others at random, the same for the same seed)
-- (given as `theme_names`: parent_id, label, description; set variable level = 'theme';
-- set variable most_children = 60; set variable seed = 0)
with private_themes as (
    select cluster_parents.theme_id as parent_id
    from cluster_parents
    inner join cluster_hygiene on cluster_parents.cluster_id = cluster_hygiene.cluster_id
    group by cluster_parents.theme_id
    having bool_and(cluster_hygiene.is_private)
),

children as (
    select
        cluster_parents.theme_id as parent_id,
        clusters.cluster_id as child_id,
        clusters.n_transcripts,
        cluster_names.label,
        cluster_names.description,
        coalesce(cluster_hygiene.is_private, false) as is_private
    from cluster_parents
    inner join clusters on cluster_parents.cluster_id = clusters.cluster_id
    inner join cluster_names on cluster_parents.cluster_id = cluster_names.cluster_id
    left join cluster_hygiene on cluster_parents.cluster_id = cluster_hygiene.cluster_id
    where getvariable('level') = 'theme' and cluster_names.label is not null
    union all
    select
        themes.area_id as parent_id,
        themes.parent_id as child_id,
        themes.n_transcripts,
        theme_names.label,
        theme_names.description,
        themes.parent_id in (select private_themes.parent_id from private_themes) as is_private
    from parents as themes
    inner join theme_names on themes.parent_id = theme_names.parent_id
    where getvariable('level') = 'area' and theme_names.label is not null
),

-- a private child's name may identify somebody, so the namer sees it only where all children are private
allowed as (
    select
        *,
        row_number() over (partition by parent_id order by n_transcripts desc, child_id asc) as place
    from children
    qualify not is_private or bool_and(is_private) over (partition by parent_id)
),

whole as (
    select
        parent_id,
        md5(string_agg(concat_ws(chr(31), child_id, label, description), chr(30) order by child_id)) as children_hash
    from allowed
    group by parent_id
),

drawn as (
    select *
    from allowed
    qualify
        row_number() over (
            partition by parent_id
            order by
                place > 10,
                if(place > 10, md5(concat_ws(chr(31), coalesce(getvariable('seed'), 0), child_id)), ''),
                place
        ) <= coalesce(getvariable('most_children'), 60)
),

shown as (
    select
        parent_id,
        list(child_id order by place) as child_ids,
        list(label order by place) as labels,
        list(coalesce(description, '') order by place) as descriptions
    from drawn
    group by parent_id
)

select
    parents.parent_id,
    parents.kind,
    parents.n_transcripts,
    coalesce(whole.children_hash, '') as children_hash,
    coalesce(shown.child_ids, cast([] as varchar[])) as child_ids,
    coalesce(shown.labels, cast([] as varchar[])) as labels,
    coalesce(shown.descriptions, cast([] as varchar[])) as descriptions
from parents
left join whole on parents.parent_id = whole.parent_id
left join shown on parents.parent_id = shown.parent_id
where parents.level = getvariable('level')
order by parents.n_transcripts desc, parents.parent_id asc

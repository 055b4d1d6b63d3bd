-- grain: one row per recurring phrase that no cluster is about and no label contains: the twelve most common
-- (private phrases and clusters are left out)
with hosts as (
    select
        kind,
        phrase,
        unnest(cluster_ids) as cluster_id,
        generate_subscripts(cluster_ids, 1) as place
    from swallowed_themes
),

named as (
    select
        hosts.kind,
        hosts.phrase,
        hosts.place,
        coalesce(cluster_names.label, hosts.cluster_id) as host_label,
        private_clusters.cluster_id is not null as is_private
    from hosts
    left join cluster_names on hosts.cluster_id = cluster_names.cluster_id
    left join private_clusters on hosts.cluster_id = private_clusters.cluster_id
),

labels as (
    select
        kind,
        phrase,
        list(host_label order by place) filter (where not is_private) as labels,
        bool_or(list_bool_and(list_transform(string_split(phrase, ' '), lambda one: contains(lower(host_label), one))))
            as is_in_label
    from named
    group by kind, phrase
)

select
    swallowed_themes.kind,
    swallowed_themes.phrase,
    swallowed_themes.n_features,
    swallowed_themes.n_transcripts,
    swallowed_themes.n_clusters,
    swallowed_themes.examples,
    coalesce(labels.labels, [])[:3] as labels
from swallowed_themes
left join labels on swallowed_themes.kind = labels.kind and swallowed_themes.phrase = labels.phrase
where
    swallowed_themes.n_groups >= 3
    and swallowed_themes.n_groups > coalesce((select max(private_clusters.n_groups) from private_clusters), 0)
    and not coalesce(labels.is_in_label, false)
order by swallowed_themes.n_transcripts desc, swallowed_themes.kind asc, swallowed_themes.phrase asc
limit 12

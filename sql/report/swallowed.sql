-- grain: one row per recurring phrase that no cluster is about: the twelve that most transcripts show, and the labels
-- of the clusters that hold most of its features; what too few groups show, phrase or cluster, is left out
with widest as (
    select *
    from swallowed_themes
    where
        n_groups >= 3
        and n_groups > coalesce((select max(private_clusters.n_groups) from private_clusters), 0)
    order by n_transcripts desc, kind asc, phrase asc
    limit 12
),

hosts as (
    select
        kind,
        phrase,
        unnest(cluster_ids[:3]) as cluster_id,
        generate_subscripts(cluster_ids[:3], 1) as place
    from widest
),

labels as (
    select
        hosts.kind,
        hosts.phrase,
        list(coalesce(cluster_names.label, hosts.cluster_id) order by hosts.place) as labels
    from hosts
    left join cluster_names on hosts.cluster_id = cluster_names.cluster_id
    anti join private_clusters on hosts.cluster_id = private_clusters.cluster_id
    group by hosts.kind, hosts.phrase
)

select
    widest.kind,
    widest.phrase,
    widest.n_features,
    widest.n_transcripts,
    widest.n_clusters,
    widest.examples,
    coalesce(labels.labels, []) as labels
from widest
left join labels on widest.kind = labels.kind and widest.phrase = labels.phrase
order by widest.n_transcripts desc, widest.kind asc, widest.phrase asc

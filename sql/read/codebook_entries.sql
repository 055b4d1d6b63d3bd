-- grain: one row per cluster to ask about: the given ids, then the most interesting clusters of each kind
-- (set variable most_interesting = 10; set variable cluster_ids = ['user-0123'])
with ranked as (
    select
        clusters.kind,
        clusters.cluster_id,
        cluster_names.label,
        cluster_names.description,
        list_contains(cast(coalesce(getvariable('cluster_ids'), []) as varchar[]), clusters.cluster_id) as is_given,
        row_number() over (
            partition by clusters.kind
            order by cluster_interest.interest desc nulls last, clusters.n_transcripts desc, clusters.cluster_id asc
        ) as standing,
        clusters.n_transcripts
    from clusters
    inner join cluster_names on clusters.cluster_id = cluster_names.cluster_id
    left join cluster_interest on clusters.cluster_id = cluster_interest.cluster_id
    where
        cluster_names.label is not null
        and (
            clusters.n_transcripts >= 3
            or list_contains(cast(coalesce(getvariable('cluster_ids'), []) as varchar[]), clusters.cluster_id)
        )
),

chosen as (
    select *
    from ranked
    where is_given or standing <= coalesce(getvariable('most_interesting'), 0)
    qualify row_number() over (partition by kind order by is_given desc, standing asc) <= 40
)

select
    chosen.kind,
    chosen.cluster_id,
    chosen.label,
    chosen.description,
    list(vocabulary.text order by vocabulary.n_transcripts desc, vocabulary.feature_id asc)[:3] as texts
from chosen
inner join cluster_members on chosen.cluster_id = cluster_members.cluster_id
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
group by chosen.kind, chosen.cluster_id, chosen.label, chosen.description
order by chosen.kind, chosen.cluster_id

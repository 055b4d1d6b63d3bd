-- grain: one row per kind and phrase of `phrases`, whose features are `holders` (kind, phrase, feature_id): counts,
-- the clusters that hold most of its features, and its three most common features
with shown as (
    select
        holders.kind,
        holders.phrase,
        count(distinct pieces.transcript_id) as n_transcripts,
        count(distinct coalesce(transcripts.group_key, pieces.transcript_id)) as n_groups
    from holders
    inner join features on holders.feature_id = features.feature_id
    inner join pieces on features.piece_id = pieces.piece_id
    inner join transcripts on pieces.transcript_id = transcripts.transcript_id
    group by holders.kind, holders.phrase
),

by_cluster as (
    select
        holders.kind,
        holders.phrase,
        cluster_members.cluster_id,
        count(*) as n_features
    from holders
    inner join cluster_members on holders.feature_id = cluster_members.feature_id
    where cluster_members.cluster_id is not null
    group by holders.kind, holders.phrase, cluster_members.cluster_id
),

hosts as (
    select
        kind,
        phrase,
        list(cluster_id order by n_features desc, cluster_id asc)[:5] as cluster_ids
    from by_cluster
    group by kind, phrase
),

examples as (
    select
        holders.kind,
        holders.phrase,
        list(vocabulary.text order by vocabulary.n_transcripts desc, vocabulary.text asc)[:3] as texts
    from holders
    inner join vocabulary on holders.feature_id = vocabulary.feature_id
    group by holders.kind, holders.phrase
)

select
    phrases.kind,
    phrases.phrase,
    phrases.n_features,
    coalesce(shown.n_transcripts, 0) as n_transcripts,
    coalesce(shown.n_groups, 0) as n_groups,
    phrases.n_clusters,
    phrases.best_cluster_id,
    phrases.best_share,
    phrases.best_f1,
    phrases.minority_share,
    phrases.visibility,
    phrases.cohesion,
    phrases.host_cohesion,
    coalesce(hosts.cluster_ids, []) as cluster_ids,
    examples.texts as examples
from phrases
inner join examples on phrases.kind = examples.kind and phrases.phrase = examples.phrase
left join shown on phrases.kind = shown.kind and phrases.phrase = shown.phrase
left join hosts on phrases.kind = hosts.kind and phrases.phrase = hosts.phrase
order by phrases.kind asc, n_transcripts desc, phrases.phrase asc

-- grain: one row per named cluster: its name and its most common features
select
    cluster_names.cluster_id,
    cluster_names.label,
    cluster_names.description,
    list(vocabulary.text order by vocabulary.n_transcripts desc, vocabulary.feature_id asc)[:6] as texts
from cluster_names
inner join cluster_members on cluster_names.cluster_id = cluster_members.cluster_id
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
where cluster_names.label is not null
group by cluster_names.cluster_id, cluster_names.label, cluster_names.description
order by cluster_names.cluster_id

-- grain: one row per cluster of the report and feature: its eight most common members
select
    cluster_members.cluster_id,
    vocabulary.text as feature,
    vocabulary.n_transcripts,
    cluster_members.similarity
from report_clusters
inner join cluster_members on report_clusters.cluster_id = cluster_members.cluster_id
inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
qualify
    row_number() over (
        partition by cluster_members.cluster_id
        order by vocabulary.n_transcripts desc, cluster_members.similarity desc, vocabulary.text asc
    ) <= 8
order by
    cluster_members.cluster_id asc,
    vocabulary.n_transcripts desc,
    cluster_members.similarity desc,
    feature asc

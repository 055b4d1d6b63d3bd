-- grain: one row per transcript and cluster: some piece of the transcript has a feature of the cluster
select
    transcript_id,
    kind,
    cluster_id,
    count(*) as n_pieces
from piece_clusters
group by all

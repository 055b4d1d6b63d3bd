-- grain: one row per piece and cluster: the piece has at least one feature of the cluster
select
    features.piece_id,
    pieces.transcript_id,
    pieces.kind,
    cluster_members.cluster_id,
    count(*) as n_features
from features
inner join cluster_members on features.feature_id = cluster_members.feature_id
inner join pieces on features.piece_id = pieces.piece_id
where cluster_members.cluster_id is not null
group by all

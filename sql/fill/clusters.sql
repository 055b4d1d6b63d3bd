-- grain: one row per cluster of `centres` (cluster_id, kind, coherence, centroid), with its counts
select
    centres.cluster_id,
    centres.kind,
    count(distinct cluster_members.feature_id) as n_features,
    count(distinct features.piece_id) as n_pieces,
    count(distinct pieces.transcript_id) as n_transcripts,
    any_value(centres.coherence) as coherence,
    any_value(centres.centroid) as centroid
from centres
inner join cluster_members on centres.cluster_id = cluster_members.cluster_id
left join features on cluster_members.feature_id = features.feature_id
left join pieces on features.piece_id = pieces.piece_id
group by centres.cluster_id, centres.kind
order by centres.kind, centres.cluster_id

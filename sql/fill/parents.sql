-- grain: one row per parent of `centres` (parent_id, level, kind, area_id, centroid), with its counts
with holding as (
    select
        cluster_id,
        unnest([theme_id, area_id]) as parent_id
    from cluster_parents
)

select
    centres.parent_id,
    centres.level,
    centres.kind,
    centres.area_id,
    count(distinct holding.cluster_id) as n_clusters,
    count(distinct cluster_members.feature_id) as n_features,
    count(distinct features.piece_id) as n_pieces,
    count(distinct pieces.transcript_id) as n_transcripts,
    any_value(centres.centroid) as centroid
from centres
inner join holding on centres.parent_id = holding.parent_id
inner join cluster_members on holding.cluster_id = cluster_members.cluster_id
left join features on cluster_members.feature_id = features.feature_id
left join pieces on features.piece_id = pieces.piece_id
group by centres.parent_id, centres.level, centres.kind, centres.area_id
order by centres.kind, centres.level, centres.parent_id

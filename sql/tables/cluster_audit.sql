-- grain: one row per cluster: the nearest other one, as found outside SQL and given as `nearest`
select
    nearest.cluster_id,
    clusters.kind,
    nearest.nearest_cluster_id,
    nearest.nearest_similarity,
    nearest.is_near_duplicate,
    clusters.coherence,
    clusters.n_features
from nearest
inner join clusters on nearest.cluster_id = clusters.cluster_id
order by clusters.kind, nearest.cluster_id

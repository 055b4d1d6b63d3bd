-- grain: one row per kind in which more than max_share of the clusters are near-duplicates of another
-- (set variable max_share = 0.15; 0.15 where it is not set)
select
    kind,
    n_clusters,
    n_near_duplicates,
    n_near_duplicates / n_clusters as near_duplicate_share
from cluster_profile
where n_near_duplicates / n_clusters > coalesce(cast(getvariable('max_share') as double), 0.15)
order by kind

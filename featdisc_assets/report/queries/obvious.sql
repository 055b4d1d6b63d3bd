-- grain: one row per pair beyond chance and close in meaning: the five strongest of each direction
select
    cluster_pairs.left_kind,
    cluster_pairs.right_kind,
    cluster_pairs.left_label,
    cluster_pairs.right_label,
    cluster_pairs.left_cluster_id,
    cluster_pairs.right_cluster_id,
    cluster_pairs.n_both,
    cluster_pairs.n_left,
    cluster_pairs.lift,
    cluster_pairs.similarity,
    row_number() over (
        partition by cluster_pairs.left_kind, cluster_pairs.right_kind
        order by
            cluster_pairs.odds_ratio_low desc,
            cluster_pairs.left_cluster_id asc,
            cluster_pairs.right_cluster_id asc
    ) as rank
from cluster_pairs
anti join private_clusters as left_private on cluster_pairs.left_cluster_id = left_private.cluster_id
anti join private_clusters as right_private on cluster_pairs.right_cluster_id = right_private.cluster_id
where cluster_pairs.q_value < 0.05 and cluster_pairs.similarity >= 0.5
qualify rank <= 5
order by cluster_pairs.left_kind desc, cluster_pairs.right_kind desc, rank asc

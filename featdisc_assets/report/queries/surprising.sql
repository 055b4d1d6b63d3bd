-- grain: one row per surprising pair of clusters: the eight strongest of each direction
select
    surprising_pairs.left_kind,
    surprising_pairs.right_kind,
    surprising_pairs.left_label,
    surprising_pairs.right_label,
    surprising_pairs.left_cluster_id,
    surprising_pairs.right_cluster_id,
    surprising_pairs.n_both,
    surprising_pairs.n_left,
    surprising_pairs.n_right,
    surprising_pairs.lift,
    surprising_pairs.odds_ratio,
    surprising_pairs.odds_ratio_low,
    surprising_pairs.odds_ratio_high,
    surprising_pairs.q_value,
    row_number() over (
        partition by surprising_pairs.left_kind, surprising_pairs.right_kind
        order by
            surprising_pairs.odds_ratio_low desc,
            surprising_pairs.left_cluster_id asc,
            surprising_pairs.right_cluster_id asc
    ) as rank
from surprising_pairs
anti join private_clusters as left_private on surprising_pairs.left_cluster_id = left_private.cluster_id
anti join private_clusters as right_private on surprising_pairs.right_cluster_id = right_private.cluster_id
qualify rank <= 8
order by surprising_pairs.left_kind desc, surprising_pairs.right_kind desc, rank asc

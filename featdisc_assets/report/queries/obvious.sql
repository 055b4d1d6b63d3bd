-- grain: one row per pair that goes together and means nearly the same: the five strongest of each direction
select
    cooccurrence.left_kind,
    cooccurrence.right_kind,
    left_names.label as left_label,
    right_names.label as right_label,
    cooccurrence.left_cluster_id,
    cooccurrence.right_cluster_id,
    cooccurrence.n_both,
    cooccurrence.n_left,
    cooccurrence.lift,
    cooccurrence.similarity,
    row_number() over (
        partition by cooccurrence.left_kind, cooccurrence.right_kind
        order by
            cooccurrence.odds_ratio_low desc,
            cooccurrence.left_cluster_id asc,
            cooccurrence.right_cluster_id asc
    ) as rank
from cooccurrence
left join cluster_names as left_names on cooccurrence.left_cluster_id = left_names.cluster_id
left join cluster_names as right_names on cooccurrence.right_cluster_id = right_names.cluster_id
anti join private_clusters as left_private on cooccurrence.left_cluster_id = left_private.cluster_id
anti join private_clusters as right_private on cooccurrence.right_cluster_id = right_private.cluster_id
where cooccurrence.q_value < 0.05 and cooccurrence.similarity >= 0.5
qualify rank <= 5
order by cooccurrence.left_kind desc, cooccurrence.right_kind desc, rank asc

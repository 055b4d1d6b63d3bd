-- grain: one row per surprising pair of clusters: the eight strongest of each direction
select
    left_kind,
    right_kind,
    left_label,
    right_label,
    left_cluster_id,
    right_cluster_id,
    n_both,
    n_left,
    n_right,
    lift,
    odds_ratio,
    odds_ratio_low,
    odds_ratio_high,
    q_value,
    row_number() over (
        partition by left_kind, right_kind
        order by odds_ratio_low desc, left_cluster_id asc, right_cluster_id asc
    ) as rank
from surprising_pairs
qualify rank <= 8
order by left_kind desc, right_kind desc, rank asc

-- grain: one row per pair of clusters of two kinds that go together beyond chance and strongly (odds ratio above 2 by
-- its interval) and are not close in meaning, strongest first
select
    cooccurrence.left_kind,
    cooccurrence.left_cluster_id,
    left_names.label as left_label,
    cooccurrence.right_kind,
    cooccurrence.right_cluster_id,
    right_names.label as right_label,
    cooccurrence.n_both,
    cooccurrence.n_left,
    cooccurrence.n_right,
    cooccurrence.lift,
    cooccurrence.odds_ratio,
    cooccurrence.odds_ratio_low,
    cooccurrence.odds_ratio_high,
    cooccurrence.q_value,
    cooccurrence.similarity
from cooccurrence
left join cluster_names as left_names on cooccurrence.left_cluster_id = left_names.cluster_id
left join cluster_names as right_names on cooccurrence.right_cluster_id = right_names.cluster_id
where cooccurrence.q_value < 0.05 and cooccurrence.odds_ratio_low > 2 and cooccurrence.similarity < 0.5
order by cooccurrence.odds_ratio_low desc, cooccurrence.left_cluster_id asc, cooccurrence.right_cluster_id asc

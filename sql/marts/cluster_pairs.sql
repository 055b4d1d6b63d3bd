-- grain: one row per pair of clusters of two kinds that enough transcripts show together, with their labels
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
    cooccurrence.n_transcripts,
    cooccurrence.lift,
    cooccurrence.odds_ratio,
    cooccurrence.odds_ratio_low,
    cooccurrence.odds_ratio_high,
    cooccurrence.q_value,
    cooccurrence.similarity
from cooccurrence
left join cluster_names as left_names on cooccurrence.left_cluster_id = left_names.cluster_id
left join cluster_names as right_names on cooccurrence.right_cluster_id = right_names.cluster_id

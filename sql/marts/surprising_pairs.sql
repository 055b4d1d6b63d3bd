-- grain: one row per pair of clusters beyond chance, strong (odds ratio above 2 by its interval) and far in meaning
select * exclude (n_transcripts) -- noqa: AM04
from cluster_pairs
where q_value < 0.05 and odds_ratio_low > 2 and similarity < 0.5
order by odds_ratio_low desc, left_cluster_id asc, right_cluster_id asc

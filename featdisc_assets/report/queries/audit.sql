-- grain: one row per kind: what its clusters cover, how large they are, how many are twins or would not be found again
select
    kind,
    n_clusters,
    n_features,
    n_unassigned,
    n_singletons,
    size_p10,
    size_median,
    size_p90,
    size_largest,
    n_small,
    n_transcripts,
    n_transcripts_in_small,
    n_near_duplicates,
    n_phrases,
    n_swallowed,
    median_coherence,
    median_lexical_ratio,
    median_stability,
    n_unstable
from cluster_profile
order by list_position(['user', 'thought', 'response', 'tool'], kind)

-- grain: one row per kind: coverage and sizes of its clusters, near-duplicates and unstable clusters
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

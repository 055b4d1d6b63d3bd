-- grain: one row: agreement of the rounds on what is interesting, and the effect of batches on scores
select
    n_clusters,
    n_batches,
    n_scores,
    rank_correlation,
    rank_correlation_adjusted,
    batch_sd,
    noise_sd,
    batch_f,
    batch_p,
    audience,
    model
from interest_agreement

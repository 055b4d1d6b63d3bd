-- grain: one row: how far the rounds agree on what is interesting, and how much of a score was its batch's doing
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

-- grain: one row per kind, rater and verifier: the share of verified features that are true of their piece
select
    kind,
    rated_by,
    verified_by,
    n_verified,
    n_true,
    n_false,
    n_unclear,
    share_true,
    share_true_low,
    share_true_high
from rating_precision
order by list_position(['user', 'thought', 'response'], kind) asc, rated_by asc, verified_by asc

-- grain: one row per kind, rater and verifier: the precision of ratings, the share of features true of their piece
-- `share_true` counts unclear verdicts as wrong; `share_true_if_clear` leaves them out
with counted as (
    select
        kind,
        rated_by,
        rated_with,
        model as verified_by,
        count(*) as n_asked,
        count(verdict) as n_verified,
        count(*) filter (where verdict = 'true') as n_true,
        count(*) filter (where verdict = 'false') as n_false,
        count(*) filter (where verdict = 'unclear') as n_unclear
    from verification
    group by kind, rated_by, rated_with, model
)

select
    kind,
    rated_by,
    rated_with,
    verified_by,
    n_asked,
    n_verified,
    n_true,
    n_false,
    n_unclear,
    n_true / nullif(n_verified, 0) as share_true,
    wilson_low(n_true, n_verified) as share_true_low,
    wilson_high(n_true, n_verified) as share_true_high,
    n_true / nullif(n_true + n_false, 0) as share_true_if_clear
from counted

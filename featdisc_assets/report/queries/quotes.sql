-- grain: one row per kind and rater: quotes requested, and how many occur in their piece
select
    kind,
    model,
    n_features,
    n_without_quote,
    n_verified,
    n_unverified,
    share_unverified
from evidence_summary
order by list_position(['user', 'thought', 'response'], kind) asc, model asc

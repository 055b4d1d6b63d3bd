-- grain: one row per purpose and model: calls, tokens and dollars
select
    purpose,
    model,
    cast(sum(n_attempts) as bigint) as n_attempts,
    cast(sum(n_answered) as bigint) as n_answered,
    cast(coalesce(sum(tokens_in), 0) as bigint) as tokens_in,
    cast(coalesce(sum(tokens_out), 0) as bigint) as tokens_out,
    cast(sum(n_unpriced) as bigint) as n_unpriced,
    sum(cost_usd) as cost_usd
from spend
group by purpose, model
order by n_attempts desc, purpose asc, model asc

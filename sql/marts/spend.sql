-- grain: one row per purpose, model, prompt version and day: what was asked and what it cost
select
    purpose,
    model,
    prompt_version,
    cast(created_at as date) as day,
    count(*) as n_attempts,
    count(*) filter (where status in ('ok', 'repaired', 'too_few')) as n_answered,
    sum(tokens_in) as tokens_in,
    sum(tokens_out) as tokens_out,
    sum(tokens_cached) as tokens_cached,
    sum(cost_usd) as cost_usd,
    count(*) filter (where cost_usd is null) as n_unpriced,
    avg(latency_ms) as mean_latency_ms
from ratings
group by purpose, model, prompt_version, cast(created_at as date)

-- grain: one row per asset, purpose, model, prompt version and day (UTC): all attempts, and their cost
with attempts as (
    select
        *,
        case purpose
            when 'rate' then 'features'
            when 'name' then 'cluster_names'
            when 'parent' then 'parent_names'
            when 'embedding' then 'embeddings'
            when 'interest' then 'cluster_interest'
            when 'judge' then 'label_fidelity'
            when 'verify' then 'verification'
            else purpose
        end as asset,
        cast(created_at as date) as day,
        status in ('ok', 'repaired', 'too_few') as is_answered,
        -- an answer that needed a re-ask counts as failed; an answer that is not parsed yet counts as neither
        status not in ('ok', 'repaired', 'too_few', 'answered') as is_failed,
        -- received without usage or price, so its cost is unknown
        cost_usd is null and (tokens_in is not null or raw_answer is not null) as is_unpriced
    from ratings
)

select
    asset,
    purpose,
    model,
    prompt_version,
    day,
    count(*) as n_attempts,
    count(*) filter (where is_answered) as n_answered,
    count(*) filter (where is_failed) as n_failed,
    cast(coalesce(sum(tokens_in), 0) as bigint) as tokens_in,
    cast(coalesce(sum(tokens_out), 0) as bigint) as tokens_out,
    cast(coalesce(sum(tokens_cached), 0) as bigint) as tokens_cached,
    sum(cost_usd) as cost_usd,
    coalesce(sum(cost_usd) filter (where is_failed), 0) as failed_cost_usd,
    count(*) filter (where is_unpriced) as n_unpriced,
    avg(latency_ms) as mean_latency_ms
from attempts
group by asset, purpose, model, prompt_version, day

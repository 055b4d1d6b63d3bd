-- grain: one row per distinct piece text whose rating failed: reason, attempts, and whether the next run retries it
with attempts as (
    select
        request_key,
        count(*) as n_attempts
    from ratings
    group by request_key
)

select
    rated_texts.kind,
    rated_texts.text_hash,
    rated_texts.status,
    rated_texts.error,
    rated_texts.model,
    rated_texts.status in ('rate_limited', 'timeout', 'connection', 'server_error', 'empty') as is_asked_again,
    coalesce(any_value(attempts.n_attempts), 0) as n_attempts,
    count(*) as n_pieces,
    left(any_value(pieces.text), 280) as excerpt
from rated_texts
inner join pieces on rated_texts.kind = pieces.kind and rated_texts.text_hash = pieces.text_hash
left join attempts on rated_texts.request_key = attempts.request_key
where rated_texts.status not in ('ok', 'repaired', 'too_few')
group by all

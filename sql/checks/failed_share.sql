-- grain: one row per kind in which more than max_failed_share of the rated pieces failed, with the most common reason
-- (set variable max_failed_share = 0.02; 0.02 where it is not set)
select
    kind,
    cast(sum(n_pieces) as bigint) as n_pieces,
    cast(coalesce(sum(n_pieces) filter (where status not in ('ok', 'repaired', 'too_few')), 0) as bigint) as n_failed,
    n_failed / sum(n_pieces) as failed_share,
    arg_max(status, n_pieces) filter (where status not in ('ok', 'repaired', 'too_few')) as reason,
    max(n_pieces) filter (where status not in ('ok', 'repaired', 'too_few')) as n_reason
from coverage
where status != 'pending'
group by kind
having failed_share > coalesce(getvariable('max_failed_share'), 0.02)
order by kind

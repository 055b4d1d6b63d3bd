-- grain: one row per reason an input could not be read: the ten most frequent, each with one location
select
    reason,
    count(*) as n_inputs,
    count(distinct source) as n_sources,
    min(source || ', ' || location) as example
from quarantine
group by reason
order by n_inputs desc, reason asc
limit 10

-- grain: one row per model and source: transcripts, and the range of their dates
select
    model,
    source,
    count(*) as n_transcripts,
    count(*) / sum(count(*)) over () as share_of_all,
    min(cast(created_at as date)) as first_day,
    max(cast(created_at as date)) as last_day
from transcripts
group by model, source
order by n_transcripts desc, model asc nulls last, source asc
limit 20

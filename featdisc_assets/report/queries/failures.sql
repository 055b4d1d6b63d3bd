-- grain: one row per kind and reason of failed ratings: the ten most frequent, each with one of its pieces
select
    kind,
    status,
    model,
    cast(sum(n_pieces) as bigint) as n_pieces,
    count(*) as n_texts,
    arg_min(error, text_hash) as error,
    arg_min(excerpt, text_hash) as excerpt
from failures
group by kind, status, model
order by n_pieces desc, kind asc, status asc, model asc
limit 10

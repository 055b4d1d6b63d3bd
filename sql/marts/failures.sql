-- grain: one row per distinct piece text whose rating failed: why, and how many pieces it stands for
select
    rated_texts.kind,
    rated_texts.text_hash,
    rated_texts.status,
    rated_texts.error,
    rated_texts.model,
    count(*) as n_pieces,
    left(any_value(pieces.text), 280) as excerpt
from rated_texts
inner join pieces on rated_texts.kind = pieces.kind and rated_texts.text_hash = pieces.text_hash
where rated_texts.status not in ('ok', 'repaired', 'too_few')
group by all

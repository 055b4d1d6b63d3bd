-- grain: one row per distinct text of a kind to ask about: a random `max_texts` of the rated ones
-- (set variable kind = 'thought'; set variable max_texts = 1000; set variable seed = 0)
select
    pieces.text_hash,
    any_value(pieces.text) as text
from pieces
inner join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
where pieces.kind = getvariable('kind') and rated_texts.status in ('ok', 'repaired', 'too_few')
group by pieces.text_hash
order by md5(concat_ws(chr(31), coalesce(getvariable('seed'), 0), pieces.text_hash)), pieces.text_hash
limit coalesce(getvariable('max_texts'), 1000)

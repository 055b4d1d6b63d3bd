-- grain: one row per distinct text of the user's turns without a detected language: its first characters
-- (set variable prefix = 600)
select
    pieces.text_hash,
    left(any_value(pieces.text), coalesce(getvariable('prefix'), 600)) as text
from pieces
left join text_languages on pieces.text_hash = text_languages.text_hash
where pieces.kind = 'user' and text_languages.text_hash is null
group by pieces.text_hash
order by pieces.text_hash

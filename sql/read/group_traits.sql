-- grain: one row per transcript and kind of its rated pieces: their length, and the language of the user's turns
with languages as (
    select
        user_pieces.transcript_id,
        any_value(text_languages.language) as language
    from pieces as user_pieces
    inner join text_languages on user_pieces.text_hash = text_languages.text_hash
    where user_pieces.kind = 'user'
    group by user_pieces.transcript_id
)

select
    rated_pieces.transcript_id,
    rated_pieces.kind,
    cast(sum(pieces.n_chars) as bigint) as n_chars,
    any_value(languages.language) as language
from rated_pieces
inner join pieces on rated_pieces.piece_id = pieces.piece_id
left join languages on rated_pieces.transcript_id = languages.transcript_id
group by rated_pieces.transcript_id, rated_pieces.kind
order by rated_pieces.transcript_id, rated_pieces.kind

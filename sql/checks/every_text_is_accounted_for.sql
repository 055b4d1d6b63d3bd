-- grain: one row per piece whose text has neither an answer nor a failure
select
    pieces.piece_id,
    pieces.kind
from pieces
left join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
where rated_texts.text_hash is null

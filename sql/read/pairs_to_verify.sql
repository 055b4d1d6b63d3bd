-- grain: one row per pair of piece and feature to verify: a random `pairs` of each kind and rater
-- (set variable pairs = 200; set variable seed = 0)
with drawn as (
    select
        features.piece_id,
        features.feature_id,
        pieces.kind,
        rated_texts.model as rated_by,
        rated_texts.prompt_version as rated_with
    from features
    inner join pieces on features.piece_id = pieces.piece_id
    inner join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
    qualify
        row_number() over (
            partition by pieces.kind, rated_texts.model
            order by
                md5(concat_ws(chr(31), coalesce(getvariable('seed'), 0), features.piece_id, features.feature_id)),
                features.piece_id
        ) <= coalesce(getvariable('pairs'), 0)
)

select
    drawn.*,
    pieces.text,
    vocabulary.text as feature
from drawn
inner join pieces on drawn.piece_id = pieces.piece_id
inner join vocabulary on drawn.feature_id = vocabulary.feature_id
order by drawn.kind, drawn.rated_by, drawn.piece_id, drawn.feature_id

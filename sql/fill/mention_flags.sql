-- grain: one row per kind, distinct piece text, list position and sign: a mention that adds nothing
-- (given as `repeats`: kind, text_hash, position, of, similarity; set variable long_quote = 6)
with texts as (
    select
        kind,
        text_hash,
        any_value(text) as text
    from pieces
    group by kind, text_hash
),

-- features are letters and spaces, so the texts are reduced to those too
plain as (
    select
        kind,
        text_hash,
        ' ' || lower(regexp_replace(regexp_replace(text, '[''’ʼ]', '', 'g'), '[^\p{L}\p{M}]+', ' ', 'g'))
        || ' ' as folded
    from texts
),

signs as (
    select
        kind,
        text_hash,
        position,
        'repeats another feature of the piece' as sign,
        of as detail,
        similarity
    from repeats
    union all by name
    select
        text_features.kind,
        text_features.text_hash,
        text_features.position,
        'quotes the piece at length' as sign,
        text_features.text as detail,
        cast(null as double) as similarity
    from text_features
    inner join plain on text_features.kind = plain.kind and text_features.text_hash = plain.text_hash
    where
        len(string_split(text_features.text, ' ')) >= coalesce(getvariable('long_quote'), 6)
        and contains(plain.folded, ' ' || lower(text_features.text) || ' ')
)

select
    signs.kind,
    signs.text_hash,
    signs.position,
    left(md5(concat_ws(chr(31), text_features.kind, text_features.text)), 16) as feature_id,
    signs.sign,
    signs.detail,
    signs.similarity
from signs
inner join text_features
    on
        signs.kind = text_features.kind
        and signs.text_hash = text_features.text_hash
        and signs.position = text_features.position
order by signs.kind, signs.text_hash, signs.position, signs.sign

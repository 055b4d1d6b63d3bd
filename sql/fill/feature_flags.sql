-- grain: one row per kind, feature and sign that it describes the method rather than a piece
-- (given as `examples`: kind, example; as `echoes`: kind, feature_id, example, similarity; as `padding` and
-- `opposites`: rows of this table's own columns)
with plain as (
    select
        feature_id,
        kind,
        text,
        lower(trim(regexp_replace(text, '[^\p{L}\p{M}\p{N}]+', ' ', 'g'))) as folded
    from vocabulary
),

echoing as (
    select
        plain.kind,
        plain.feature_id,
        examples.example,
        1.0 as similarity
    from plain
    inner join examples
        on
            plain.kind = examples.kind
            and plain.folded = lower(trim(regexp_replace(examples.example, '[^\p{L}\p{M}\p{N}]+', ' ', 'g')))
    union all by name
    from echoes
),

signs as (
    select
        kind,
        feature_id,
        'repeats a prompt example' as sign,
        arg_max(example, similarity) as detail,
        max(similarity) as similarity
    from echoing
    group by kind, feature_id
    union all by name
    select
        kind,
        feature_id,
        'names something absent' as sign,
        split_part(folded, ' ', 1) as detail,
        null as similarity
    from plain
    where
        regexp_matches(
            folded,
            '^((no|not|never|without|lacks?|lacking|avoids?|avoiding|absence|omits?|omitting|does not|doesnt|doesn t'
            || '|do not|dont|don t|did not|didnt|refrains? from|leaves? out|free of|free from|neither|fails to'
            || '|(has|have|contains?|uses?|shows?|offers?|gives?|makes?|provides?|includes?|mentions?|adds?|asks?'
            || '|displays?|expresses|employs?|features?|carries|states?|cites?|requests?|presents?)'
            || ' (no|none|neither|nothing|not any))\b|(absence|lack) of\b)'
        )
        and not regexp_matches(
            folded,
            '^(not (only|just|sure|certain|quite|entirely|fully|yet)|no longer|no matter|no one|never mind'
            || '|(does not|doesnt|doesn t) (know|understand|recall|remember)|uses? nothing but)\b'
        )
    union all by name
    select
        kind,
        feature_id,
        'names the fence or the prompt' as sign,
        regexp_extract(folded, '(the piece|text above|piece above|(tagged|fenced) (text|piece)|tags?)\b') as detail,
        null as similarity
    from plain
    where
        regexp_matches(
            folded,
            '\b((this|the) piece (above|below|itself|ends|begins)|(piece|text|prompt) (above|below)'
            || '|(tagged|fenced) (text|piece)|(opening|closing|enclosing|surrounding|wrapping|delimiting) tags?'
            || '|wrapped in tags|(user|thought|response) (tag|fence)s?)\b'
        )
    union all by name
    from padding
    union all by name
    from opposites
)

select
    kind,
    feature_id,
    sign,
    detail,
    similarity
from signs
order by kind, sign, feature_id

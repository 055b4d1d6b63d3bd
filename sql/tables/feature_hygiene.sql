-- grain: one row per kind, finding and detail: features that say more about the prompt than about the piece
-- (set variable examples = ['An example of the rating prompt'])
with examples as (select unnest(coalesce(getvariable('examples'), cast([] as varchar[]))) as example),

flagged as (
    select
        vocabulary.kind,
        'repeats a prompt example' as finding,
        examples.example as detail,
        vocabulary.feature_id
    from vocabulary
    inner join examples
        on
            lower(trim(regexp_replace(vocabulary.text, '\W+', ' ', 'g')))
            = lower(trim(regexp_replace(examples.example, '\W+', ' ', 'g')))
    union all
    select
        kind,
        'names something absent' as finding,
        lower(regexp_extract(text, '^\w+')) as detail,
        feature_id
    from vocabulary
    where
        regexp_matches(
            text,
            '^(no|not|never|without|lacks?|lacking|avoids?|avoiding|absence|omits?|does not|doesnt|fails to)\b',
            'i'
        )
    union all
    select
        kind,
        'names the fence or the prompt' as finding,
        lower(regexp_extract(text, '\b(fence|piece above|the prompt above|tagged text)\b', 0, 'i')) as detail,
        feature_id
    from vocabulary
    where regexp_matches(text, '\b(fence|piece above|the prompt above|tagged text)\b', 'i')
),

rated as (
    select
        kind,
        count(*) as n_pieces
    from rated_pieces
    group by kind
)

select
    flagged.kind,
    flagged.finding,
    flagged.detail,
    count(distinct flagged.feature_id) as n_features,
    count(distinct features.piece_id) as n_pieces,
    count(distinct features.piece_id) / any_value(rated.n_pieces) as share_of_pieces
from flagged
inner join rated on flagged.kind = rated.kind
left join features on flagged.feature_id = features.feature_id
group by flagged.kind, flagged.finding, flagged.detail
union all
select
    pieces.kind,
    'features in a piece' as finding,
    cast(rated_texts.n_features as varchar) as detail,
    sum(rated_texts.n_features) as n_features,
    count(*) as n_pieces,
    count(*) / any_value(rated.n_pieces) as share_of_pieces
from rated_texts
inner join pieces on rated_texts.kind = pieces.kind and rated_texts.text_hash = pieces.text_hash
inner join rated on pieces.kind = rated.kind
where rated_texts.status in ('ok', 'repaired', 'too_few')
group by pieces.kind, rated_texts.n_features
order by all

-- grain: one row per transcript rated in all kinds that predict and in the kind that is predicted, with the inputs of
-- the plain baseline: length, language and model
-- (set variable target_kind = 'thought'; input_kinds = ['user']; 'response' and ['user'] where they are not set)
with rated as (
    select
        rated_pieces.transcript_id,
        cast(
            coalesce(
                sum(pieces.n_chars) filter (
                    where list_contains(coalesce(getvariable('input_kinds'), ['user']), rated_pieces.kind)
                ),
                0
            ) as bigint
        ) as n_chars
    from rated_pieces
    inner join pieces on rated_pieces.piece_id = pieces.piece_id
    where
        list_contains(coalesce(getvariable('input_kinds'), ['user']), rated_pieces.kind)
        or rated_pieces.kind = coalesce(getvariable('target_kind'), 'response')
    group by rated_pieces.transcript_id
    having count(distinct rated_pieces.kind) = len(coalesce(getvariable('input_kinds'), ['user'])) + 1
),

languages as (
    select
        pieces.transcript_id,
        any_value(text_languages.language) as language
    from pieces
    inner join text_languages on pieces.text_hash = text_languages.text_hash
    where pieces.kind = 'user'
    group by pieces.transcript_id
)

select
    rated.transcript_id,
    -- folds are dealt by this name of the group, which does not depend on the home's secret salt
    min(rated.transcript_id) over (partition by coalesce(transcripts.group_key, '=' || rated.transcript_id)) as unit,
    rated.n_chars,
    coalesce(languages.language, '?') as language,
    coalesce(transcripts.model, '?') as model
from rated
inner join transcripts on rated.transcript_id = transcripts.transcript_id
left join languages on rated.transcript_id = languages.transcript_id
order by rated.transcript_id

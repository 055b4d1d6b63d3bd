-- grain: one row per piece: the texts of one kind, of a whole transcript or of one turn
-- (set variable granularity = 'turn'; 'conversation' where it is not set)
-- (set variable from_id = 'a'; set variable until_id = 'b': only the transcripts from one id up to another)
with chosen as (
    select *
    from turns
    where
        transcript_id >= coalesce(cast(getvariable('from_id') as varchar), '')
        and (getvariable('until_id') is null or transcript_id < cast(getvariable('until_id') as varchar))
),

texts as (
    select
        transcript_id,
        turn_index,
        'user' as kind,
        user_text as text,
        cast(null as varchar) as thought_form,
        false as is_truncated
    from chosen
    union all
    select
        transcript_id,
        turn_index,
        'thought' as kind,
        thought_text as text,
        thought_form,
        is_truncated and not regexp_matches(response_text, '[^\s\v\p{Z}\x{85}]') as is_truncated
    from chosen
    union all
    select
        transcript_id,
        turn_index,
        'response' as kind,
        response_text as text,
        cast(null as varchar) as thought_form,
        is_truncated
    from chosen
    union all
    select
        transcript_id,
        turn_index,
        'tool' as kind,
        coalesce(tool_text, '') as text,
        cast(null as varchar) as thought_form,
        false as is_truncated
    from chosen
),

joined as (
    select
        transcript_id,
        kind,
        if(getvariable('granularity') = 'turn', turn_index, 0) as piece_turn,
        string_agg(text, chr(10) || chr(10) || '[next turn]' || chr(10) || chr(10) order by turn_index) as text,
        max(thought_form) as thought_form,
        bool_or(is_truncated) as is_truncated
    from texts
    where regexp_matches(text, '[^\s\v\p{Z}\x{85}]')
    group by transcript_id, kind, piece_turn
)

select
    left(md5(concat_ws(chr(31), transcript_id, kind, piece_turn)), 16) as piece_id,
    transcript_id,
    kind,
    piece_turn as turn_index,
    text,
    md5(text) as text_hash,
    length(text) as n_chars,
    thought_form,
    is_truncated
from joined
order by transcript_id, kind, turn_index

-- grain: one row per transcript whose characters do not add up: read + added = in pieces + dropped
-- a piece of a whole conversation has a separator of 15 characters between two turns, which is in neither sum
with kept as (
    select
        transcript_id,
        sum(length(concat(user_text, thought_text, response_text, tool_text))) as n_chars
    from turns
    group by transcript_id
),

texts as (
    select
        transcript_id,
        unnest([
            nullif(user_text, ''), nullif(thought_text, ''), nullif(response_text, ''), nullif(tool_text, '')
        ]) as text
    from turns
),

counted as (
    select
        transcript_id,
        count(text) as n_texts
    from texts
    group by transcript_id
),

split as (
    select
        transcript_id,
        sum(n_chars) as n_chars,
        count(*) as n_pieces
    from pieces
    group by transcript_id
),

dropped as (
    select
        transcript_id,
        sum(n_chars) as n_chars
    from dropped_text
    group by transcript_id
)

select
    transcripts.transcript_id,
    transcripts.chars_in,
    transcripts.chars_added,
    coalesce(kept.n_chars, 0) as chars_in_turns,
    coalesce(split.n_chars, 0) - 15 * (coalesce(counted.n_texts, 0) - coalesce(split.n_pieces, 0)) as chars_in_pieces,
    coalesce(dropped.n_chars, 0) as chars_dropped
from transcripts
left join kept on transcripts.transcript_id = kept.transcript_id
left join counted on transcripts.transcript_id = counted.transcript_id
left join split on transcripts.transcript_id = split.transcript_id
left join dropped on transcripts.transcript_id = dropped.transcript_id
where
    transcripts.chars_in is not null
    and (
        transcripts.chars_in + transcripts.chars_added != chars_in_turns + chars_dropped
        or chars_in_turns != chars_in_pieces
    )
order by transcripts.transcript_id

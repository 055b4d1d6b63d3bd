-- grain: one row per kind and group of near-equal texts: a template with changed details, or one text many times
with held as (
    select
        near_equal_texts.kind,
        near_equal_texts.group_id,
        near_equal_texts.text_hash,
        count(*) as n_pieces,
        any_value(pieces.text) as text
    from near_equal_texts
    inner join pieces on near_equal_texts.kind = pieces.kind and near_equal_texts.text_hash = pieces.text_hash
    group by near_equal_texts.kind, near_equal_texts.group_id, near_equal_texts.text_hash
),

shown as (
    select
        kind,
        group_id,
        count(*) as n_texts,
        cast(sum(n_pieces) as bigint) as n_pieces,
        min_by(left(text, 200), (-n_pieces, text_hash)) as example
    from held
    group by kind, group_id
),

counted as (
    select
        near_equal_texts.kind,
        near_equal_texts.group_id,
        count(distinct pieces.transcript_id) as n_transcripts,
        count(distinct coalesce(transcripts.group_key, pieces.transcript_id)) as n_groups
    from near_equal_texts
    inner join pieces on near_equal_texts.kind = pieces.kind and near_equal_texts.text_hash = pieces.text_hash
    inner join transcripts on pieces.transcript_id = transcripts.transcript_id
    group by near_equal_texts.kind, near_equal_texts.group_id
),

kinds as (
    select
        kind,
        count(distinct transcript_id) as n_of_kind
    from pieces
    group by kind
)

select
    shown.kind,
    shown.group_id,
    shown.n_texts,
    shown.n_pieces,
    counted.n_transcripts,
    counted.n_groups,
    counted.n_transcripts / kinds.n_of_kind as share_of_transcripts,
    shown.example
from shown
inner join counted on shown.kind = counted.kind and shown.group_id = counted.group_id
inner join kinds on shown.kind = kinds.kind

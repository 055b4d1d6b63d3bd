-- grain: one row per transcript and column to group by: model, source, period, language, metadata fields
-- (set variable period = 'week'; month where it is not set)
with columns_of as (
    select
        transcript_id,
        'model' as grouped_by,
        model as group_value
    from transcripts
    union all
    select
        transcript_id,
        'source' as grouped_by,
        source as group_value
    from transcripts
    union all
    select
        transcript_id,
        'period' as grouped_by,
        case coalesce(getvariable('period'), 'month')
            when 'month' then strftime(created_at, '%Y-%m')
            else strftime(date_trunc(coalesce(getvariable('period'), 'month'), created_at), '%Y-%m-%d')
        end as group_value
    from transcripts
    union all
    select
        pieces.transcript_id,
        'language' as grouped_by,
        text_languages.language as group_value
    from pieces
    inner join text_languages on pieces.text_hash = text_languages.text_hash
    where pieces.kind = 'user'
    union all
    select
        metadata_fields.transcript_id,
        metadata_fields.field as grouped_by,
        metadata_fields.metadata ->> metadata_fields.field as group_value
    from (
        select
            transcript_id,
            metadata,
            unnest(json_keys(metadata)) as field
        from transcripts
    ) as metadata_fields
    where metadata_fields.field not in ('model', 'source', 'period', 'language')
)

select
    transcript_id,
    grouped_by,
    group_value
from columns_of
where group_value is not null

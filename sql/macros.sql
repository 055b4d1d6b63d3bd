-- grain: one statement a macro, the line above it its comment; those that read tables stand in table_macros.sql

-- lower end of Wilson's interval for a share of k in n, two-sided 95 %, as in Wilson (1927)
create or replace macro wilson_low(k, n) as
case
    when n > 0
        then
            greatest(0.0, round(
                (k / n + 1.9208 / n - 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n), 12
            ))
end;

-- upper end of Wilson's interval for a share of k in n, two-sided 95 %, as in Wilson (1927)
create or replace macro wilson_high(k, n) as
case
    when n > 0
        then
            least(1.0, round(
                (k / n + 1.9208 / n + 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n), 12
            ))
end;

-- prevalence of every cluster in every group of one column of transcript_groups, or of any metadata field: wants one
-- row a group and cluster of the kinds it was rated in, e.g. from prevalence_by('model'), from prevalence_by('app')
create or replace macro prevalence_by(column_name) as table
    with wanted as (select column_name as name_of_column),

    languages as (
        select
            user_pieces.transcript_id,
            any_value(text_languages.language) as language
        from pieces as user_pieces
        inner join text_languages on user_pieces.text_hash = text_languages.text_hash
        where user_pieces.kind = 'user'
        group by user_pieces.transcript_id
    ),

    grouped as (
        select
            transcripts.transcript_id,
            case wanted.name_of_column
                when 'model' then transcripts.model
                when 'source' then transcripts.source
                when 'period' then strftime(transcripts.created_at, '%Y-%m')
                when 'language' then languages.language
                else transcripts.metadata ->> wanted.name_of_column
            end as group_value
        from transcripts
        cross join wanted
        left join languages on transcripts.transcript_id = languages.transcript_id
    ),

    rated as (
        select
            grouped.group_value,
            pieces.kind,
            count(distinct pieces.transcript_id) as n_rated_transcripts
        from pieces
        inner join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
        inner join grouped on pieces.transcript_id = grouped.transcript_id
        where rated_texts.status in ('ok', 'repaired', 'too_few') and grouped.group_value is not null
        group by grouped.group_value, pieces.kind
    ),

    shown as (
        select
            grouped.group_value,
            cluster_members.cluster_id,
            count(distinct pieces.transcript_id) as n_transcripts
        from cluster_members
        inner join features on cluster_members.feature_id = features.feature_id
        inner join pieces on features.piece_id = pieces.piece_id
        inner join grouped on pieces.transcript_id = grouped.transcript_id
        where cluster_members.cluster_id is not null
        group by grouped.group_value, cluster_members.cluster_id
    )

    select
        rated.group_value,
        clusters.kind,
        clusters.cluster_id,
        cluster_names.label,
        coalesce(shown.n_transcripts, 0) as n_transcripts,
        rated.n_rated_transcripts,
        coalesce(shown.n_transcripts, 0) / rated.n_rated_transcripts as prevalence,
        wilson_low(coalesce(shown.n_transcripts, 0), rated.n_rated_transcripts) as prevalence_low,
        wilson_high(coalesce(shown.n_transcripts, 0), rated.n_rated_transcripts) as prevalence_high
    from rated
    inner join clusters on rated.kind = clusters.kind
    left join shown on clusters.cluster_id = shown.cluster_id and rated.group_value = shown.group_value
    left join cluster_names on clusters.cluster_id = cluster_names.cluster_id;

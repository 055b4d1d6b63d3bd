-- grain: one statement per macro that returns a table, with its comment above it: `from search_features('loop')`
-- noqa: disable=RF02,RF03
-- (a macro's parameters are names without a table)

-- features that contain all of these words as whole words, in any case and order, the most common first
create or replace macro search_features(words) as table
    with asked as (
        select
            unnest(list_distinct(regexp_extract_all(lower(words), '[\p{L}\p{M}\p{N}_]+'))) as word,
            len(list_distinct(regexp_extract_all(lower(words), '[\p{L}\p{M}\p{N}_]+'))) as n_words
    ),

    -- a regular expression on every row would be slow, so a substring search comes first
    likely as (
        select
            vocabulary.feature_id,
            any_value(vocabulary.kind) as kind,
            any_value(vocabulary.text) as text,
            any_value(vocabulary.n_transcripts) as n_transcripts,
            any_value(vocabulary.n_pieces) as n_pieces,
            list(asked.word) as asked_words
        from vocabulary
        inner join asked on contains(lower(vocabulary.text), asked.word)
        group by vocabulary.feature_id
        having count(*) = any_value(asked.n_words)
    )

    select
        likely.kind,
        likely.text,
        likely.n_transcripts,
        likely.n_pieces,
        cluster_names.label as cluster_label,
        cluster_members.cluster_id,
        likely.feature_id
    from likely
    left join cluster_members on likely.feature_id = cluster_members.feature_id
    left join cluster_names on cluster_members.cluster_id = cluster_names.cluster_id
    where
        list_has_all(
            regexp_extract_all(lower(likely.text), '[\p{L}\p{M}\p{N}_]+'),
            -- scripts without spaces have no word boundaries
            list_filter(
                likely.asked_words,
                lambda word: not regexp_matches(
                    word, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]'
                )
            )
        )
    order by likely.n_transcripts desc, likely.kind asc, likely.text asc;

-- one cluster in lines: label, sentence, size, members, nearest clusters, examples; by its id or the start of its id
create or replace macro explain_cluster(id) as table
    with matching as (
        select
            clusters.*,
            clusters.cluster_id = id as is_exact,
            count(*) over () as n_matching
        from clusters
        where starts_with(clusters.cluster_id, id)
    ),

    chosen as (
        select *
        from matching
        where is_exact or n_matching = 1
    ),

    shares as (
        select
            chosen.cluster_id,
            chosen.kind,
            chosen.n_transcripts,
            rated_kinds.n_rated_transcripts as n_rated,
            chosen.n_transcripts / rated_kinds.n_rated_transcripts as prevalence
        from chosen
        inner join rated_kinds on chosen.kind = rated_kinds.kind
    ),

    members as (
        select
            vocabulary.feature_id,
            vocabulary.text,
            vocabulary.n_transcripts,
            cluster_members.similarity,
            row_number() over (order by vocabulary.n_transcripts desc, vocabulary.text asc) as place
        from cluster_members
        inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
        where cluster_members.cluster_id = (select any_value(chosen.cluster_id) from chosen)
    ),

    nearest as (
        select
            seconds.cluster_id,
            cluster_names.label,
            seconds.n_transcripts,
            list_cosine_similarity(seconds.centroid, chosen.centroid) as similarity,
            row_number() over (
                order by list_cosine_similarity(seconds.centroid, chosen.centroid) desc, seconds.cluster_id asc
            ) as place
        from chosen
        inner join clusters as seconds on chosen.kind = seconds.kind and chosen.cluster_id != seconds.cluster_id
        left join cluster_names on seconds.cluster_id = cluster_names.cluster_id
    ),

    -- of each piece, the feature nearest to the centre; of each transcript, one piece
    shown as (
        select
            members.text as feature,
            members.similarity,
            pieces.transcript_id,
            pieces.text
        from members
        inner join features on members.feature_id = features.feature_id
        inner join pieces on features.piece_id = pieces.piece_id
        qualify row_number() over (
            partition by pieces.transcript_id order by members.similarity desc, members.text asc, pieces.piece_id asc
        ) = 1
    ),

    -- one example of each feature before a second example of any
    ranked as (
        select
            *,
            row_number() over (partition by feature order by transcript_id asc) as round
        from shown
    ),

    examples as (
        select
            *,
            row_number() over (order by round asc, similarity desc, feature asc) as place
        from ranked
    ),

    lines as (
        select
            1 as part,
            1 as place,
            'label' as what,
            coalesce(cluster_names.label, '(no name)') as text,
            shares.n_transcripts,
            shares.prevalence,
            shares.cluster_id as id
        from shares
        left join cluster_names on shares.cluster_id = cluster_names.cluster_id
        union all
        select
            2 as part,
            1 as place,
            'sentence' as what,
            cluster_names.description as text,
            null as n_transcripts,
            null as prevalence,
            null as id
        from chosen
        inner join cluster_names on chosen.cluster_id = cluster_names.cluster_id
        where cluster_names.description is not null
        union all
        select
            3 as part,
            1 as place,
            'size' as what,
            format(
                '{:,} distinct features in {:,} pieces, {:,} of {:,} transcripts rated in kind {}',
                chosen.n_features, chosen.n_pieces, shares.n_transcripts, shares.n_rated, shares.kind
            )
            || case
                when cluster_interest.interest is null then ''
                else format('; interest {:.0f} of 100', cluster_interest.interest)
            end as text,
            null as n_transcripts,
            null as prevalence,
            null as id
        from chosen
        inner join shares on chosen.cluster_id = shares.cluster_id
        left join cluster_interest on chosen.cluster_id = cluster_interest.cluster_id
        union all
        select
            4 as part,
            members.place,
            'feature' as what,
            members.text,
            members.n_transcripts,
            members.n_transcripts / shares.n_rated as prevalence,
            members.feature_id as id
        from members
        cross join shares
        where members.place <= 20
        union all
        select
            5 as part,
            nearest.place,
            format('nearest, {:.2f}', nearest.similarity) as what,
            coalesce(nearest.label, '(no name)') as text,
            nearest.n_transcripts,
            nearest.n_transcripts / shares.n_rated as prevalence,
            nearest.cluster_id as id
        from nearest
        cross join shares
        where nearest.place <= 5
        union all
        select
            6 as part,
            examples.place,
            'example' as what,
            examples.feature || ': ' || left(trim(regexp_replace(examples.text, '\s+', ' ', 'g')), 160) as text,
            null as n_transcripts,
            null as prevalence,
            examples.transcript_id as id
        from examples
        where examples.place <= 5
        union all
        select
            7 as part,
            1 as place,
            'no such cluster' as what,
            'no cluster''s id begins with ' || id || '; `from cluster_prevalence` lists them' as text,
            null as n_transcripts,
            null as prevalence,
            null as id
        where not exists (select 1 from matching)
        union all
        select
            8 as part,
            row_number() over (order by matching.cluster_id) as place,
            'one of these?' as what,
            coalesce(cluster_names.label, '(no name)') as text,
            matching.n_transcripts,
            null as prevalence,
            matching.cluster_id as id
        from matching
        left join cluster_names on matching.cluster_id = cluster_names.cluster_id
        where not exists (select 1 from chosen)
    )

    select
        lines.what,
        lines.text,
        lines.n_transcripts,
        lines.prevalence,
        lines.id
    from lines
    order by lines.part, lines.place;

-- the pieces of a transcript in order, each with its features and their clusters
create or replace macro transcript(id) as table
    with shown as (
        select
            features.piece_id,
            list(vocabulary.text order by features.position) as features,
            list_distinct(list(cluster_names.label order by features.position)) as labels
        from pieces
        inner join features on pieces.piece_id = features.piece_id
        inner join vocabulary on features.feature_id = vocabulary.feature_id
        left join cluster_members on features.feature_id = cluster_members.feature_id
        left join cluster_names on cluster_members.cluster_id = cluster_names.cluster_id
        where pieces.transcript_id = id
        group by features.piece_id
    )

    select
        pieces.turn_index,
        pieces.kind,
        pieces.text,
        shown.features,
        list_sort(shown.labels) as cluster_labels,
        coalesce(rated_texts.status, 'pending') as status
    from pieces
    left join rated_texts on pieces.kind = rated_texts.kind and pieces.text_hash = rated_texts.text_hash
    left join shown on pieces.piece_id = shown.piece_id
    where pieces.transcript_id = id
    order by pieces.turn_index, list_position(['user', 'thought', 'response'], pieces.kind);

-- prevalence of every cluster in every group of one column: model, source, period, language or any metadata field;
-- one row per group and cluster of the kinds it was rated in; `with_unknown` adds the transcripts without a value
create or replace macro prevalence_by(column_name, with_unknown := false) as table
    with languages as (
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
            case column_name
                when 'model' then transcripts.model
                when 'source' then transcripts.source
                when 'period' then strftime(transcripts.created_at, '%Y-%m')
                when 'language' then languages.language
                else transcripts.metadata ->> column_name
            end as group_value
        from transcripts
        left join languages on transcripts.transcript_id = languages.transcript_id
    ),

    rated as (
        select
            grouped.group_value,
            rated_pieces.kind,
            count(distinct rated_pieces.transcript_id) as n_rated_transcripts
        from rated_pieces
        inner join grouped on rated_pieces.transcript_id = grouped.transcript_id
        where with_unknown or grouped.group_value is not null
        group by grouped.group_value, rated_pieces.kind
    ),

    shown as (
        select
            grouped.group_value,
            transcript_clusters.cluster_id,
            count(*) as n_transcripts
        from transcript_clusters
        inner join grouped on transcript_clusters.transcript_id = grouped.transcript_id
        group by grouped.group_value, transcript_clusters.cluster_id
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
    left join shown
        on clusters.cluster_id = shown.cluster_id and rated.group_value is not distinct from shown.group_value
    left join cluster_names on clusters.cluster_id = cluster_names.cluster_id;

-- the vector of each feature by the encoder in use
create or replace macro current_vectors() as table
    select
        embeddings.feature_id,
        embeddings.vector
    from embeddings
    inner join encoders on embeddings.encoder = encoders.encoder
    where encoders.is_current;

-- prevalence of every cluster in two models, with Newcombe's 95 % interval of the difference, surest difference first
create or replace macro compare_models(a, b) as table
    with pairs as (
        select
            firsts.kind,
            firsts.label,
            firsts.n_transcripts as n_a,
            firsts.n_rated_transcripts as rated_a,
            firsts.prevalence as prevalence_a,
            seconds.n_transcripts as n_b,
            seconds.n_rated_transcripts as rated_b,
            seconds.prevalence as prevalence_b,
            firsts.prevalence - seconds.prevalence as difference,
            -- Newcombe (1998), method 10: from the Wilson limits of both shares
            firsts.prevalence - seconds.prevalence - sqrt(
                pow(firsts.prevalence - firsts.prevalence_low, 2) + pow(seconds.prevalence_high - seconds.prevalence, 2)
            ) as difference_low,
            firsts.prevalence - seconds.prevalence + sqrt(
                pow(firsts.prevalence_high - firsts.prevalence, 2) + pow(seconds.prevalence - seconds.prevalence_low, 2)
            ) as difference_high,
            firsts.cluster_id
        from prevalence_by_model as firsts
        inner join prevalence_by_model as seconds on firsts.cluster_id = seconds.cluster_id
        where firsts.model = a and seconds.model = b
    )

    select *
    from pairs
    where n_a + n_b > 0
    order by greatest(difference_low, -difference_high) desc, kind asc, cluster_id asc;

-- tables that two runs both made: whether rows, code and settings differ; each run by its id or the start of its id
create or replace macro compare_runs(a, b) as table
    with made as (
        select
            run_assets.*,
            starts_with(run_assets.run_id, a) as is_a
        from run_assets
        where starts_with(run_assets.run_id, a) or starts_with(run_assets.run_id, b)
    )

    select
        firsts.asset,
        firsts.n_rows as n_rows_a,
        seconds.n_rows as n_rows_b,
        (firsts.data_version is distinct from seconds.data_version) as rows_differ,
        (firsts.code_version is distinct from seconds.code_version) as making_differs,
        (firsts.config is distinct from seconds.config) as settings_differ,
        firsts.config as config_a,
        seconds.config as config_b,
        firsts.figures as figures_a,
        seconds.figures as figures_b
    from made as firsts
    inner join made as seconds on firsts.asset = seconds.asset
    where firsts.is_a and not seconds.is_a
    order by rows_differ desc, firsts.ended_at asc;

-- grain: one statement a table; every table of the warehouse, made where it is not there yet; times are UTC

-- one row per transcript
create table if not exists transcripts (
    transcript_id varchar not null,
    source varchar not null,
    model varchar,
    group_key varchar,
    created_at timestamp,
    metadata json,
    content_hash varchar not null,
    n_turns integer not null
);

-- one row per round of a transcript, as it was read
create table if not exists turns (
    transcript_id varchar not null,
    turn_index integer not null,
    user_text varchar not null,
    thought_text varchar not null,
    response_text varchar not null,
    thought_form varchar,
    is_truncated boolean not null
);

-- one row per rejected input
create table if not exists quarantine (
    source varchar not null,
    location varchar not null,
    reason varchar not null,
    excerpt varchar not null
);

-- one row per piece: the texts of one kind in one transcript
create table if not exists pieces (
    piece_id varchar not null,
    transcript_id varchar not null,
    kind varchar not null,
    turn_index integer not null,
    text varchar not null,
    text_hash varchar not null,
    n_chars integer not null,
    thought_form varchar,
    is_truncated boolean not null
);

-- one row per kind: what rating it would ask, and how it will be asked; budget_usd and spent_usd are the whole home's
create table if not exists rating_plan (
    kind varchar not null,
    model varchar not null,
    prompt_version varchar not null,
    api_base varchar,
    prompts_folder varchar,
    min_features integer not null,
    max_features integer not null,
    max_tokens integer not null,
    temperature double,
    mode varchar,
    max_piece_tokens bigint,
    price_in double,
    price_out double,
    budget_usd double,
    spent_usd double,
    n_pieces bigint not null,
    n_texts bigint not null,
    n_answered bigint not null,
    n_failed bigint not null,
    n_pending bigint not null,
    n_shortened bigint,
    n_chars_left_out bigint,
    pending_tokens_in bigint not null,
    pending_tokens_out bigint not null,
    pending_usd double,
    pending_hours double
);

-- one row per attempt at asking a model anything: the ledger
create table if not exists ratings (
    attempt_id bigint not null,
    request_key varchar not null,
    attempt integer not null,
    purpose varchar not null,
    subject_id varchar not null,
    model varchar not null,
    served_model varchar,
    provider varchar,
    prompt_version varchar not null,
    status varchar not null,
    error varchar,
    raw_answer varchar,
    tokens_in bigint,
    tokens_out bigint,
    tokens_cached bigint,
    cost_usd double,
    latency_ms double,
    created_at timestamp not null
);

-- one row per kind and distinct piece text: how its rating ended
create table if not exists rated_texts (
    kind varchar not null,
    text_hash varchar not null,
    request_key varchar not null,
    model varchar not null,
    prompt_version varchar not null,
    status varchar not null,
    error varchar,
    n_features integer not null,
    chars_left_out bigint
);

-- one row per kind, distinct piece text and feature the autorater wrote of it
create table if not exists text_features (
    kind varchar not null,
    text_hash varchar not null,
    position integer not null,
    text varchar not null
);

-- one row per kind and distinct feature text
create table if not exists vocabulary (
    feature_id varchar not null,
    kind varchar not null,
    text varchar not null,
    n_pieces bigint not null,
    n_transcripts bigint not null
);

-- one row per piece and feature
create table if not exists features (
    piece_id varchar not null,
    feature_id varchar not null,
    position integer not null
);

-- one row per cluster
create table if not exists clusters (
    cluster_id varchar not null,
    kind varchar not null,
    n_features bigint not null,
    n_pieces bigint not null,
    n_transcripts bigint not null,
    coherence double not null,
    centroid float[] not null
);

-- one row per feature; cluster_id is null where a feature belongs to no cluster
create table if not exists cluster_members (
    feature_id varchar not null,
    kind varchar not null,
    cluster_id varchar,
    similarity double
);

-- one row per kind: the last fit of its clusters; a refit is warm where settings are the same
create table if not exists cluster_fits (
    kind varchar not null,
    method varchar not null,
    settings varchar not null,
    encoder varchar not null,
    way varchar not null,
    n_features bigint not null,
    n_clusters bigint not null,
    mean float[] not null,
    axes float[] not null
);

-- one row per refit, cluster and ancestor: kept, split, merged, born or died; refits that changed nothing leave none
create table if not exists cluster_lineage (
    refit integer not null,
    kind varchar not null,
    event varchar not null,
    cluster_id varchar,
    earlier_id varchar,
    n_shared bigint not null,
    n_earlier bigint not null,
    n_now bigint not null
);

-- one row per cluster
create table if not exists cluster_names (
    cluster_id varchar not null,
    label varchar,
    description varchar,
    sampled_feature_ids varchar[] not null,
    neighbour_ids varchar[] not null,
    status varchar not null,
    error varchar,
    model varchar not null,
    prompt_version varchar not null,
    request_key varchar not null
);

-- one row per cluster: its interest over several shuffled batches
create table if not exists cluster_interest (
    cluster_id varchar not null,
    interest double,
    spread double,
    n_scores integer not null,
    audience varchar not null,
    model varchar not null,
    prompt_version varchar not null
);

-- one row per pair of clusters of two kinds that occur together in enough transcripts
create table if not exists cooccurrence (
    left_kind varchar not null,
    left_cluster_id varchar not null,
    right_kind varchar not null,
    right_cluster_id varchar not null,
    n_transcripts bigint not null,
    n_left bigint not null,
    n_right bigint not null,
    n_both bigint not null,
    lift double not null,
    odds_ratio double not null,
    odds_ratio_low double not null,
    odds_ratio_high double not null,
    p_value double not null,
    q_value double not null,
    similarity double not null
);

-- one row per group and cluster: the group's prevalence against all other groups'
create table if not exists group_contrasts (
    grouped_by varchar not null,
    group_value varchar not null,
    kind varchar not null,
    cluster_id varchar not null,
    n_in bigint not null,
    k_in bigint not null,
    n_out bigint not null,
    k_out bigint not null,
    difference double not null,
    odds_ratio double not null,
    odds_ratio_low double not null,
    odds_ratio_high double not null,
    p_value double not null,
    q_value double not null
);

-- one row per target cluster: how well user clusters predict it on held-out groups
create table if not exists probes (
    target_cluster_id varchar not null,
    target_kind varchar not null,
    n_transcripts bigint not null,
    n_positive bigint not null,
    n_tested bigint not null,
    base_rate double not null,
    f1 double,
    precision double,
    recall double,
    average_precision double,
    threshold double,
    baseline_prior_f1 double,
    baseline_length_f1 double,
    baseline_shuffled_f1 double,
    reason varchar,
    top_weights struct(cluster_id varchar, weight double)[] not null
);

-- one row per kind, check and example: features that say more about the prompt than about the piece
create table if not exists feature_hygiene (
    kind varchar not null,
    finding varchar not null,
    detail varchar not null,
    n_features bigint not null,
    n_pieces bigint not null,
    share_of_pieces double not null
);

-- one row per cluster: is it a near-twin of another, and how tight is it
create table if not exists cluster_audit (
    cluster_id varchar not null,
    kind varchar not null,
    nearest_cluster_id varchar,
    nearest_similarity double,
    is_near_duplicate boolean not null,
    coherence double not null,
    n_features bigint not null
);

-- one row per path the transcripts were last read from
create table if not exists sources (
    position integer not null,
    path varchar not null
);

-- one row per encoder ever used here; clusters are fitted on the current one's vectors
create table if not exists encoders (
    encoder varchar not null,
    dimension integer not null,
    is_current boolean not null
);

-- one row per feature and encoder; made anew with another width when an encoder has another dimension
create table if not exists embeddings (
    feature_id varchar not null,
    encoder varchar not null,
    vector float[384] not null
);

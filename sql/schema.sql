-- grain: one statement per table of the warehouse; times are UTC

-- one row per transcript
create table if not exists transcripts (
    transcript_id varchar not null,
    source varchar not null,
    model varchar,
    group_key varchar,
    created_at timestamp,
    metadata json,
    content_hash varchar not null,
    n_turns integer not null,
    chars_in bigint,
    chars_added bigint
);

-- one row per round of a transcript, as read
create table if not exists turns (
    transcript_id varchar not null,
    turn_index integer not null,
    user_text varchar not null,
    thought_text varchar not null,
    response_text varchar not null,
    thought_form varchar,
    is_truncated boolean not null,
    tool_text varchar
);

-- one row per transcript, kind and reason: source text that is in no piece; kind is null for text of no kind
create table if not exists dropped_text (
    transcript_id varchar not null,
    kind varchar,
    reason varchar not null,
    n bigint not null,
    n_chars bigint not null
);

-- one row per transcript and kind of imported features
create table if not exists given_features (
    transcript_id varchar not null,
    kind varchar not null,
    text varchar not null,
    text_hash varchar not null,
    source varchar not null,
    model varchar,
    group_key varchar,
    created_at timestamp,
    rater varchar not null,
    features varchar[] not null
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

-- one row per kind and distinct text of a group of near-equal texts that many transcripts hold
create table if not exists near_equal_texts (
    kind varchar not null,
    text_hash varchar not null,
    group_id varchar not null
);

-- one row per kind: what rating it would request, and how; budget_usd and spent_usd are of the whole home
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
    evidence boolean,
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
    n_new bigint,
    n_changed bigint,
    n_shortened bigint,
    n_chars_left_out bigint,
    pending_tokens_in bigint not null,
    pending_tokens_out bigint not null,
    pending_usd double,
    pending_hours double
);

-- one row per attempt to call a model: the ledger
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

-- one row per kind and distinct piece text: the outcome of its rating
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

-- one row per kind, distinct piece text and feature that the autorater wrote about it
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

-- one row per kind: the last fit of its clusters; a refit with the same settings is warm
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

-- one row per refit, cluster and ancestor: kept, split, merged, born or died; a refit that changes nothing adds no rows
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

-- one row per cluster: its theme and area; null where the kind has too few clusters for that level
create table if not exists cluster_parents (
    cluster_id varchar not null,
    kind varchar not null,
    theme_id varchar,
    area_id varchar
);

-- one row per parent: a theme holds clusters, an area holds themes
create table if not exists parents (
    parent_id varchar not null,
    level varchar not null,
    kind varchar not null,
    area_id varchar,
    n_clusters bigint not null,
    n_features bigint not null,
    n_pieces bigint not null,
    n_transcripts bigint not null,
    centroid float[] not null
);

-- one row per cluster
create table if not exists cluster_names (
    cluster_id varchar not null,
    label varchar,
    description varchar,
    sampled_feature_ids varchar[] not null,
    contrast_feature_ids varchar[],
    neighbour_ids varchar[] not null,
    members_hash varchar,
    reasons varchar[],
    status varchar not null,
    error varchar,
    model varchar not null,
    prompt_version varchar not null,
    request_key varchar not null
);

-- one row per parent: the name of a theme or an area, made from the names of what it holds
create table if not exists parent_names (
    parent_id varchar not null,
    label varchar,
    description varchar,
    child_ids varchar[] not null,
    contrast_ids varchar[] not null,
    sibling_ids varchar[] not null,
    children_hash varchar,
    reasons varchar[] not null,
    status varchar not null,
    error varchar,
    model varchar not null,
    prompt_version varchar not null,
    request_key varchar not null
);

-- one row per named cluster and method: the probability that its label fits a member better than a neighbour's member
create table if not exists label_fidelity (
    cluster_id varchar not null,
    kind varchar not null,
    method varchar not null,
    n_members bigint not null,
    n_others bigint not null,
    basis varchar not null,
    auc double,
    auc_low double,
    auc_high double,
    auc_exchanged double,
    is_poor boolean,
    model varchar,
    prompt_version varchar,
    status varchar not null
);

-- one row per verified pair of piece and feature: whether a model finds the feature true of the piece
create table if not exists verification (
    piece_id varchar not null,
    feature_id varchar not null,
    kind varchar not null,
    rated_by varchar not null,
    rated_with varchar not null,
    verdict varchar,
    status varchar not null,
    error varchar,
    model varchar not null,
    prompt_version varchar not null,
    request_key varchar not null
);

-- one row per kind, distinct text and cluster asked about: whether the text shows the cluster
create table if not exists codebook (
    kind varchar not null,
    text_hash varchar not null,
    cluster_id varchar not null,
    is_shown boolean,
    status varchar not null,
    model varchar not null,
    prompt_version varchar not null,
    request_key varchar not null
);

-- one row per kind, distinct text and list position: the quote given for a feature, and its place in the text
create table if not exists evidence (
    kind varchar not null,
    text_hash varchar not null,
    position integer not null,
    claimed varchar not null,
    status varchar not null,
    start integer,
    length integer,
    quote varchar
);

-- one row per cluster: its interest over several shuffled batches, corrected for the leniency of each batch
create table if not exists cluster_interest (
    cluster_id varchar not null,
    interest double,
    raw_interest double,
    spread double,
    n_scores integer not null,
    audience varchar not null,
    model varchar not null,
    prompt_version varchar not null
);

-- one row per cluster and round: its score, and the leniency of its batch
create table if not exists interest_scores (
    cluster_id varchar not null,
    round integer not null,
    batch integer not null,
    score integer not null,
    batch_effect double not null,
    adjusted double not null
);

-- one row: agreement of the rounds on what is interesting, and the effect of batches on scores
create table if not exists interest_agreement (
    n_clusters bigint not null,
    n_batches bigint not null,
    n_scores bigint not null,
    rank_correlation double,
    rank_correlation_adjusted double,
    batch_sd double,
    noise_sd double,
    batch_f double,
    batch_p double,
    audience varchar not null,
    model varchar not null,
    prompt_version varchar not null
);

-- one row per pair of clusters of two kinds that enough transcripts show together
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
    similarity double not null,
    design_effect double
);

-- one row per group and cluster: prevalence in the group against all other groups; reason says why there is no test
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
    odds_ratio double,
    odds_ratio_low double,
    odds_ratio_high double,
    p_value double,
    q_value double,
    difference_low double,
    difference_high double,
    ratio double,
    ratio_low double,
    ratio_high double,
    design varchar,
    design_effect double,
    n_strata bigint,
    reason varchar
);

-- one row per compared group, kind and trait: whether length or language alone separates the group from the rest
create table if not exists group_balance (
    grouped_by varchar not null,
    group_value varchar not null,
    kind varchar not null,
    trait varchar not null,
    n_in bigint not null,
    n_out bigint not null,
    tells_apart double,
    warning varchar
);

-- one row per cluster and two successive groups: the later prevalence against the earlier
create table if not exists drift (
    grouped_by varchar not null,
    earlier varchar not null,
    later varchar not null,
    kind varchar not null,
    cluster_id varchar not null,
    n_later bigint not null,
    k_later bigint not null,
    n_earlier bigint not null,
    k_earlier bigint not null,
    difference double not null,
    odds_ratio double,
    odds_ratio_low double,
    odds_ratio_high double,
    p_value double,
    q_value double,
    difference_low double,
    difference_high double,
    ratio double,
    ratio_low double,
    ratio_high double,
    design varchar,
    design_effect double,
    n_strata bigint,
    reason varchar
);

-- one row per distinct text of the user's turns: its language
create table if not exists text_languages (
    text_hash varchar not null,
    language varchar
);

-- one row per target cluster and set of inputs: how well user clusters predict it on held-out groups
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
    top_weights struct(cluster_id varchar, weight double)[] not null,
    inputs varchar,
    brier double,
    baseline_prior_brier double,
    c double,
    margin double,
    margin_low double,
    margin_high double,
    p_value double,
    q_value double,
    n_groups_tested bigint
);

-- one row per kind, check and example: features that describe the prompt rather than the piece
create table if not exists feature_hygiene (
    kind varchar not null,
    finding varchar not null,
    detail varchar not null,
    n_features bigint not null,
    n_pieces bigint not null,
    share_of_pieces double not null
);

-- one row per kind, feature and sign that it describes the method rather than a piece
create table if not exists feature_flags (
    kind varchar not null,
    feature_id varchar not null,
    sign varchar not null,
    detail varchar,
    similarity double
);

-- one row per kind, distinct piece text, list position and sign: a mention that adds nothing
create table if not exists mention_flags (
    kind varchar not null,
    text_hash varchar not null,
    position integer not null,
    feature_id varchar not null,
    sign varchar not null,
    detail varchar,
    similarity double
);

-- one row per cluster: what shows it, with and without removed features
create table if not exists cluster_hygiene (
    cluster_id varchar not null,
    kind varchar not null,
    n_transcripts bigint not null,
    n_transcripts_without_echoes bigint not null,
    n_transcripts_clean bigint not null,
    n_pieces_clean bigint not null,
    n_groups bigint not null,
    is_private boolean not null,
    n_transcripts_affirmed bigint not null,
    n_transcripts_denied bigint not null,
    has_both_senses boolean not null
);

-- one row per cluster: near-duplicates, coherence in vectors and in words, and stability in refits
create table if not exists cluster_audit (
    cluster_id varchar not null,
    kind varchar not null,
    nearest_cluster_id varchar,
    nearest_similarity double,
    is_near_duplicate boolean not null,
    coherence double not null,
    n_features bigint not null,
    distinctive_terms varchar[],
    shared_terms varchar[],
    term_overlap double,
    shares_terms boolean,
    lexical_coherence double,
    lexical_strangers double,
    stability double
);

-- one row per kind and recurring phrase that no cluster is about: its features are spread over other clusters
create table if not exists swallowed_themes (
    kind varchar not null,
    phrase varchar not null,
    n_features bigint not null,
    n_transcripts bigint not null,
    n_groups bigint not null,
    n_clusters bigint not null,
    best_cluster_id varchar,
    best_share double not null,
    best_f1 double not null,
    minority_share double not null,
    visibility double not null,
    cohesion double not null,
    host_cohesion double not null,
    cluster_ids varchar[] not null,
    examples varchar[] not null
);

-- one row per kind and repeat: a sample of the features clustered again, compared with the clusters
create table if not exists cluster_stability (
    kind varchar not null,
    repeat integer not null,
    n_features bigint not null,
    n_clusters bigint not null,
    n_clusters_found bigint not null,
    adjusted_rand double,
    mean_jaccard double,
    n_judged bigint not null,
    n_dissolved bigint not null
);

-- one row per kind: coverage and sizes of its clusters, and counts of what the audit found
create table if not exists cluster_profile (
    kind varchar not null,
    n_clusters bigint not null,
    n_features bigint not null,
    n_unassigned bigint not null,
    n_singletons bigint not null,
    size_smallest bigint not null,
    size_p10 double not null,
    size_median double not null,
    size_p90 double not null,
    size_largest bigint not null,
    n_small bigint not null,
    n_transcripts bigint not null,
    n_transcripts_in_small bigint not null,
    n_near_duplicates bigint not null,
    n_phrases bigint not null,
    n_swallowed bigint not null,
    n_features_swallowed bigint not null,
    median_coherence double,
    median_lexical_ratio double,
    median_stability double,
    n_unstable bigint not null
);

-- one row per path the transcripts were last read from
create table if not exists sources (
    position integer not null,
    path varchar not null,
    reading varchar
);

-- one row per encoder used in this home; clusters are fitted on the vectors of the current one
create table if not exists encoders (
    encoder varchar not null,
    dimension integer not null,
    is_current boolean not null,
    api_base varchar,
    price_in double
);

-- one row per feature and encoder; recreated when an encoder of another dimension is used
create table if not exists embeddings (
    feature_id varchar not null,
    encoder varchar not null,
    vector float[384] not null
);

-- one row per run that materialised a table
create table if not exists runs (
    run_id varchar not null,
    job varchar not null,
    started_at timestamp not null,
    ended_at timestamp not null,
    featdisc_version varchar not null
);

-- one row per run and table it materialised: its versions, settings and figures
create table if not exists run_assets (
    run_id varchar not null,
    asset varchar not null,
    ended_at timestamp not null,
    code_version varchar,
    data_version varchar not null,
    n_rows bigint not null,
    is_changed boolean not null,
    config json not null,
    figures json not null
);

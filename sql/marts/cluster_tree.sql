-- grain: one row per cluster, with its theme and area; null where the kind has no such level
select
    clean_prevalence.kind,
    area_names.label as area_label,
    theme_names.label as theme_label,
    clean_prevalence.label,
    clean_prevalence.description,
    clean_prevalence.interest,
    clean_prevalence.n_transcripts,
    clean_prevalence.n_rated_transcripts,
    clean_prevalence.prevalence,
    clean_prevalence.prevalence_low,
    clean_prevalence.prevalence_high,
    clean_prevalence.is_private,
    cluster_parents.area_id,
    cluster_parents.theme_id,
    clean_prevalence.cluster_id
from clean_prevalence
left join cluster_parents on clean_prevalence.cluster_id = cluster_parents.cluster_id
left join parent_names as theme_names on cluster_parents.theme_id = theme_names.parent_id
left join parent_names as area_names on cluster_parents.area_id = area_names.parent_id

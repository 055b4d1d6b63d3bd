-- grain: one row per probe that beats every baseline by its interval and chance at q < 0.05, with its predictors
with weights as (
    select
        probes.target_cluster_id,
        probes.inputs,
        unnest(probes.top_weights) as top
    from probes
),

predictors as (
    select
        weights.target_cluster_id,
        weights.inputs,
        list(
            if(struct_extract(weights.top, 'weight') < 0, 'not: ', '')
            || coalesce(cluster_names.label, struct_extract(weights.top, 'cluster_id'))
            order by abs(struct_extract(weights.top, 'weight')) desc
        ) as predicted_by
    from weights
    left join cluster_names on struct_extract(weights.top, 'cluster_id') = cluster_names.cluster_id
    group by weights.target_cluster_id, weights.inputs
)

select
    probes.target_kind,
    probes.target_cluster_id,
    probes.inputs,
    cluster_names.label,
    probes.f1,
    greatest(probes.baseline_prior_f1, probes.baseline_length_f1, probes.baseline_shuffled_f1) as best_baseline_f1,
    probes.margin,
    probes.margin_low,
    probes.margin_high,
    probes.precision,
    probes.recall,
    probes.average_precision,
    probes.brier,
    probes.base_rate,
    probes.n_positive,
    probes.q_value,
    predictors.predicted_by
from probes
left join predictors
    on probes.target_cluster_id = predictors.target_cluster_id and probes.inputs = predictors.inputs
left join cluster_names on probes.target_cluster_id = cluster_names.cluster_id
where probes.margin_low > 0 and probes.q_value < 0.05
order by probes.margin_low desc, probes.target_cluster_id asc, probes.inputs asc

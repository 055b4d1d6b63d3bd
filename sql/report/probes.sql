-- grain: one row per probe that beats all of its baselines: the twelve that beat them by most
with weights as (
    select
        target_cluster_id,
        unnest(top_weights) as weight,
        generate_subscripts(top_weights, 1) as place
    from probes
),

foretold as (
    select
        weights.target_cluster_id,
        list(
            struct_pack(
                label := coalesce(cluster_names.label, struct_extract(weights.weight, 'cluster_id')),
                weight := struct_extract(weights.weight, 'weight')
            )
            order by weights.place
        ) as top_weights
    from weights
    left join cluster_names on struct_extract(weights.weight, 'cluster_id') = cluster_names.cluster_id
    group by weights.target_cluster_id
)

select
    worth.target_kind,
    worth.target_cluster_id,
    worth.label,
    worth.f1,
    probes.baseline_prior_f1 as prior_f1,
    probes.baseline_length_f1 as length_f1,
    probes.baseline_shuffled_f1 as shuffled_f1,
    worth.precision,
    worth.recall,
    probes.n_positive,
    probes.n_transcripts,
    coalesce(foretold.top_weights, []) as top_weights
from probes_worth_reading as worth
inner join probes on worth.target_cluster_id = probes.target_cluster_id
left join foretold on worth.target_cluster_id = foretold.target_cluster_id
anti join private_clusters on worth.target_cluster_id = private_clusters.cluster_id
order by worth.f1 - worth.best_baseline_f1 desc, worth.target_cluster_id asc
limit 12

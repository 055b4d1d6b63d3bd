-- grain: one row per label that separates its members poorly: the twelve worst
select
    label_fidelity.kind,
    label_fidelity.cluster_id,
    cluster_names.label,
    label_fidelity.method,
    label_fidelity.auc,
    label_fidelity.auc_low,
    label_fidelity.auc_high,
    label_fidelity.n_members,
    label_fidelity.n_others
from label_fidelity
inner join cluster_names on label_fidelity.cluster_id = cluster_names.cluster_id
anti join private_clusters on label_fidelity.cluster_id = private_clusters.cluster_id
where label_fidelity.is_poor
order by label_fidelity.auc asc, label_fidelity.cluster_id asc, label_fidelity.method asc
limit 12

-- grain: one row per kind, method and basis: how well labels separate members from the nearest clusters' members
select
    kind,
    method,
    basis,
    n_labels,
    n_tried,
    mean_auc,
    mean_auc_exchanged,
    n_poor
from fidelity_summary
order by list_position(['user', 'thought', 'response'], kind) asc, method desc, basis asc

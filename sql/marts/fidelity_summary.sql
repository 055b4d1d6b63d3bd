-- grain: one row per kind, method and basis: how well labels separate members from the nearest clusters' members
select
    kind,
    method,
    basis,
    count(*) as n_labels,
    count(auc) as n_tried,
    avg(auc) as mean_auc,
    median(auc) as median_auc,
    avg(auc_exchanged) as mean_auc_exchanged,
    count(*) filter (where is_poor) as n_poor
from label_fidelity
group by kind, method, basis

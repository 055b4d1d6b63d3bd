-- grain: one row per kind, check and example: the twelve findings in the most pieces
select
    kind,
    finding,
    detail,
    n_features,
    n_pieces,
    share_of_pieces
from feature_hygiene
where n_pieces > 0 and finding not in ('features in a piece', 'ends at a limit')
order by share_of_pieces desc, kind asc, finding asc, detail asc
limit 12

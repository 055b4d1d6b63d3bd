-- grain: one row per kind and rating outcome
select
    kind,
    status,
    n_pieces,
    n_texts,
    n_transcripts,
    share_of_pieces,
    features_per_piece
from coverage
order by list_position(['user', 'thought', 'response', 'tool'], kind) asc, n_pieces desc, status asc

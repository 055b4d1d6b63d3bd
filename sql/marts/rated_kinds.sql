-- grain: one row per kind with a rated piece: the denominators of its shares
select
    kind,
    count(distinct transcript_id) as n_rated_transcripts,
    count(*) as n_rated_pieces
from rated_pieces
group by kind

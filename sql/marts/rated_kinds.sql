-- grain: one row per kind with a piece rated: what the shares of that kind are shares of
select
    kind,
    count(distinct transcript_id) as n_rated_transcripts,
    count(*) as n_rated_pieces
from rated_pieces
group by kind

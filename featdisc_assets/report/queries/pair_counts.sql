-- grain: one row per direction: pairs tested, pairs beyond chance, and surprising pairs
select
    left_kind,
    right_kind,
    max(n_transcripts) as n_transcripts,
    count(*) as n_pairs,
    count(*) filter (where q_value < 0.05) as n_significant,
    count(*) filter (where q_value < 0.05 and odds_ratio_low > 2 and similarity < 0.5) as n_surprising
from cooccurrence
group by left_kind, right_kind
order by left_kind desc, right_kind desc

-- grain: one row per kind and rater: features with a quote, and how many quotes occur in their text
select
    evidence.kind,
    rated_texts.model,
    count(*) as n_features,
    count(*) filter (where evidence.status = 'none') as n_without_quote,
    count(*) filter (where evidence.status in ('exact', 'folded')) as n_verified,
    count(*) filter (where evidence.status = 'folded') as n_folded,
    count(*) filter (where evidence.status = 'not found') as n_unverified,
    count(*) filter (where evidence.status = 'not found')
    / nullif(count(*) filter (where evidence.status <> 'none'), 0) as share_unverified
from evidence
inner join rated_texts on evidence.kind = rated_texts.kind and evidence.text_hash = rated_texts.text_hash
group by evidence.kind, rated_texts.model

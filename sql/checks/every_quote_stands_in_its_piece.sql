-- grain: one row per stored quote that differs from the text at its position in the piece
select
    evidence.kind,
    evidence.text_hash,
    evidence.position,
    evidence.quote,
    substr(pieces.text, evidence.start, evidence.length) as stands_there
from evidence
inner join pieces on evidence.kind = pieces.kind and evidence.text_hash = pieces.text_hash
where evidence.quote is distinct from substr(pieces.text, evidence.start, evidence.length)

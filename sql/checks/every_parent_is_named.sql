-- grain: one row per theme or area without a label, although something in it has one
select
    parents.parent_id,
    parents.level,
    parents.kind,
    parent_names.status,
    parent_names.error
from parents
left join parent_names on parents.parent_id = parent_names.parent_id
where parent_names.label is null and parent_names.status is distinct from 'not_asked'

-- grain: one row: distinct texts an hour in the model's last ten minutes of asking, null where too few
-- (set variable model = 'surface/v1')
with recent as (
    select
        subject_id,
        created_at,
        max(created_at) over () - created_at as ago
    from ratings
    where purpose = 'rate' and model = getvariable('model')
    qualify ago < interval 10 minutes
)

select
    if(
        count(*) >= 100 and epoch(max(created_at) - min(created_at)) >= 10,
        3600.0 * count(distinct subject_id) / epoch(max(created_at) - min(created_at)),
        null
    ) as texts_an_hour
from recent

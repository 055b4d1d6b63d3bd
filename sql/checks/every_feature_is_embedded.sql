-- grain: one row per feature without a vector of the encoder in use, with the error of the server where there is one
with failed as (
    select
        subject_id as text,
        arg_max(status, attempt_id) as status,
        arg_max(error, attempt_id) as error
    from ratings
    where purpose = 'embedding' and status != 'ok'
    group by subject_id
)

select
    vocabulary.feature_id,
    vocabulary.text,
    failed.status,
    failed.error
from vocabulary
left join current_vectors() as embedded on vocabulary.feature_id = embedded.feature_id
left join failed on vocabulary.text = failed.text
where embedded.feature_id is null

-- grain: one row per group of each chosen column, to compare with all other groups, or with the group `versus`
-- (set variable grouped_by = ['model', 'app']; model and source where it is not set)
select
    transcript_groups.grouped_by,
    transcript_groups.group_value,
    cast(null as varchar) as versus,
    count(*) as n_transcripts
from transcript_groups
where list_contains(coalesce(getvariable('grouped_by'), ['model', 'source']), transcript_groups.grouped_by)
group by transcript_groups.grouped_by, transcript_groups.group_value
order by transcript_groups.grouped_by asc, n_transcripts desc, transcript_groups.group_value asc

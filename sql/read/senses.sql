-- grain: one row per feature whose cluster has one of the opposite sense: what both are about, and whether it denies it
-- two features are opposite when three fifths of their words agree and one of them has an odd number of denials: a
-- negation, the other word of an antonym pair, or a negating prefix
with pairs (word, turned) as (
    values
    ('accept', 'refuse'), ('accept', 'reject'), ('accept', 'decline'), ('grant', 'refuse'), ('admit', 'deny'),
    ('affirm', 'deny'), ('include', 'exclude'), ('include', 'omit'), ('follow', 'ignore'), ('follow', 'disregard'),
    ('obey', 'defy'), ('reveal', 'conceal'), ('reveal', 'hide'), ('disclose', 'conceal'), ('disclose', 'withhold'),
    ('praise', 'criticise'), ('praise', 'criticize'), ('encourage', 'discourage'), ('allow', 'forbid'),
    ('allow', 'prohibit'), ('support', 'oppose'), ('trust', 'doubt'), ('believe', 'doubt'), ('confident', 'doubtful'),
    ('certain', 'doubtful'), ('polite', 'rude'), ('formal', 'casual'), ('long', 'short'), ('lengthy', 'brief'),
    ('simple', 'complex'), ('warm', 'cold'), ('friendly', 'hostile'), ('calm', 'angry'), ('careful', 'careless'),
    ('true', 'false'), ('right', 'wrong'), ('correct', 'wrong'), ('safe', 'dangerous'),
    ('agree', 'object'), ('welcome', 'resent'), ('strengthen', 'weaken'), ('increase', 'decrease'),
    ('raise', 'lower'), ('expand', 'shorten'), ('optimistic', 'pessimistic'), ('positive', 'negative'),
    ('succeed', 'fail'), ('public', 'private'), ('honest', 'deceptive'), ('serious', 'playful')
),

denials (word) as (
    select unnest([
        'no', 'not', 'never', 'without', 'lack', 'lacks', 'lacking', 'avoid', 'avoids', 'avoiding', 'absence', 'omits',
        'omit', 'omitting', 'doesnt', 'dont', 'didnt', 'isnt', 'arent', 'wont', 'cannot', 'cant', 'fails', 'failing',
        'refrains', 'refrain', 'none', 'neither', 'nor', 'nothing', 'skips', 'resists'
    ])
),

member_words as (
    select
        cluster_members.cluster_id,
        vocabulary.feature_id,
        unnest(string_split(lower(vocabulary.text), ' ')) as word
    from cluster_members
    inner join vocabulary on cluster_members.feature_id = vocabulary.feature_id
    where cluster_members.cluster_id is not null
),

-- stems are crude on purpose, so that "flatters", "flattering" and "flattery" are equal
stems as (
    select
        member_words.cluster_id,
        member_words.feature_id,
        denials.word is not null as is_denial,
        case
            when denials.word is null
                then left(regexp_replace(member_words.word, '(ing|edly|ed|es|s|ly|y|e)$', ''), 6)
        end as stem,
        case
            when denials.word is null and regexp_matches(member_words.word, '^(un|dis|in|im|ir|il|non|mis)\w{4,}$')
                then left(
                    regexp_replace(
                        regexp_extract(member_words.word, '^(un|dis|in|im|ir|il|non|mis)(\w{4,})$', 2),
                        '(ing|edly|ed|es|s|ly|y|e)$',
                        ''
                    ),
                    6
                )
        end as turned_stem
    from member_words
    left join denials on member_words.word = denials.word
    where
        length(member_words.word) > 1
        and member_words.word not in (
            'an', 'the', 'of', 'to', 'in', 'on', 'at', 'by', 'as', 'is', 'be', 'it', 'its', 'and', 'or', 'for', 'with',
            'from', 'any', 'all', 'are', 'was', 'has', 'have', 'had', 'does', 'do', 'did', 'this', 'that', 'their',
            'own', 'into', 'about', 'user', 'users', 'model', 'models', 'answer', 'response', 'use', 'uses', 'using',
            'show', 'shows', 'contain', 'contains', 'include', 'includes', 'offer', 'offers', 'offering', 'give',
            'gives', 'giving', 'provide', 'provides', 'make', 'makes', 'making', 'mention', 'mentions', 'add', 'adds',
            'express', 'expresses', 'display', 'displays'
        )
        or denials.word is not null
),

affirmed as (
    select distinct
        cluster_id,
        stem
    from stems
    where not is_denial
),

antonyms as (
    select
        left(regexp_replace(turned, '(y|e)$', ''), 6) as turned_stem,
        min(left(regexp_replace(word, '(y|e)$', ''), 6)) as stem
    from pairs
    group by turned_stem
),

reduced as (
    select
        stems.cluster_id,
        stems.feature_id,
        stems.is_denial,
        case
            when stems.is_denial then null
            when affirmed.stem is not null then stems.turned_stem
            when antonyms.stem is not null then antonyms.stem
            else stems.stem
        end as stem,
        stems.is_denial or affirmed.stem is not null or antonyms.stem is not null as turns
    from stems
    left join affirmed on stems.cluster_id = affirmed.cluster_id and stems.turned_stem = affirmed.stem
    left join antonyms on stems.stem = antonyms.turned_stem
),

-- the second word of an antonym pair becomes the first word plus one denial
cores as (
    select
        cluster_id,
        feature_id,
        list_sort(list_distinct(list(stem) filter (where stem is not null))) as core,
        sum(if(turns, 1, 0)) % 2 = 1 as is_denied
    from reduced
    group by cluster_id, feature_id
),

distinct_cores as (
    select
        cluster_id,
        core,
        is_denied
    from cores
    where len(core) > 0
    group by cluster_id, core, is_denied
),

mixed as (
    select cluster_id
    from distinct_cores
    group by cluster_id
    having count(distinct is_denied) = 2
),

by_stem as (
    select
        distinct_cores.*,
        unnest(distinct_cores.core) as stem
    from distinct_cores
    semi join mixed on distinct_cores.cluster_id = mixed.cluster_id
),

opposites as (
    select
        ours.cluster_id,
        ours.core,
        theirs.core as other
    from by_stem as ours
    inner join by_stem as theirs on ours.cluster_id = theirs.cluster_id and ours.stem = theirs.stem
    where not ours.is_denied and theirs.is_denied
    group by ours.cluster_id, ours.core, theirs.core
    having count(*) >= 0.6 * (len(ours.core) + len(theirs.core) - count(*))
),

involved as (
    select
        cluster_id,
        core,
        false as is_denied
    from opposites
    union
    select
        cluster_id,
        other as core,
        true as is_denied
    from opposites
)

select
    cores.cluster_id,
    cores.feature_id,
    cores.is_denied,
    array_to_string(cores.core, ' ') as about
from cores
inner join involved
    on
        cores.cluster_id = involved.cluster_id
        and cores.core = involved.core
        and cores.is_denied = involved.is_denied

-- Returns at most $3 articles related to article $1 and published within $2 days of it.
--
-- Each kind of similarity is looked up in its own index and bounded: of a URL, an outlet or a tag only
-- the nearest in time, of words only the rarest. Each gives a partial score from 0 to 1; they are
-- combined like independent probabilities, 1 - (1 - a)(1 - b). What many articles share weighs less
-- than what few share, as in inverse document frequency.
with subject as materialized (
    select a.id, a.published_at as at, a.published_at - make_interval(days => $2) as low,
        a.published_at + make_interval(days => $2) as high
    from articles a where a.id = $1
),
archive as materialized (
    select ln(2 + coalesce(sum(article_count), 0)::float8) as log_size from article_months
),
shared_links as (
    select f.article_id, 1 - exp(-1.2 * sum(f.weight)) as partial_score, jsonb_build_object(
        'kind', 'shared_links', 'count', count(*),
        'links', jsonb_agg(jsonb_build_object('id', f.id, 'title', f.title, 'url', f.url) order by f.id)) as reason
    from (
        select distinct on (l.article_id, own.url_hash) l.article_id, l.id, l.title, l.url,
            1 / (1 + ln(count(*) over (partition by own.url_hash)::float8)) as weight
        from subject
        cross join lateral (select distinct url_hash from links
            where article_id = $1 and url_hash is not null limit 200) own
        cross join lateral (select article_id, id, title, url from links
            where url_hash = own.url_hash and published_at between subject.low and subject.high
            order by published_at desc limit 100) l
        where l.article_id <> $1
        order by l.article_id, own.url_hash, l.id
    ) f
    group by f.article_id
),
shared_outlets as (
    select f.article_id, 0.25 * (1 - exp(-0.5 * sum(f.weight))) as partial_score, jsonb_build_object(
        'kind', 'shared_outlets', 'count', count(*),
        'outlets', jsonb_agg(jsonb_build_object('slug', f.slug, 'name', f.name) order by f.slug)) as reason
    from (
        select nearby.article_id, o.slug, o.name, 1 - ln(1 + o.article_count::float8) / archive.log_size as weight
        from subject cross join archive
        cross join lateral (select outlet_id from article_outlets where article_id = $1 limit 200) own
        join outlets o on o.id = own.outlet_id
        cross join lateral (
            (select article_id from article_outlets
             where outlet_id = o.id and published_at between subject.low and subject.at
             order by published_at desc, article_id desc limit 50)
            union
            (select article_id from article_outlets
             where outlet_id = o.id and published_at between subject.at and subject.high
             order by published_at, article_id limit 50)
        ) nearby
        where nearby.article_id <> $1
    ) f
    where f.weight > 0
    group by f.article_id
),
shared_tags as (
    select f.article_id, 0.6 * (1 - exp(-0.8 * sum(f.weight))) as partial_score, jsonb_build_object(
        'kind', 'shared_tags', 'count', count(*),
        'tags', jsonb_agg(jsonb_build_object('slug', f.slug, 'name', f.name) order by f.slug)) as reason
    from (
        select nearby.article_id, t.slug, t.name, 1 - ln(1 + t.article_count::float8) / archive.log_size as weight
        from subject cross join archive
        cross join lateral (select tag_id from article_tags where article_id = $1 limit 50) own
        join tags t on t.id = own.tag_id
        cross join lateral (
            (select article_id from article_tags
             where tag_id = t.id and published_at between subject.low and subject.at
             order by published_at desc, article_id desc limit 50)
            union
            (select article_id from article_tags
             where tag_id = t.id and published_at between subject.at and subject.high
             order by published_at, article_id limit 50)
        ) nearby
        where nearby.article_id <> $1
    ) f
    where f.weight > 0
    group by f.article_id
),
-- The shares of documents that contain the most common words, from the planner's statistics.
common_words as materialized (
    select e.lexeme, e.share
    from pg_stats s
    cross join lateral unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs)
        as e (lexeme, share)
    where s.schemaname = current_schema() and s.tablename = 'search_documents' and s.attname = 'tsv'
      and e.lexeme is not null
),
words as materialized (
    select own.lexeme, own.times * ln(1 / coalesce(c.share, least(0.002, (select min(share) from common_words)), 0.002)) as weight
    from (
        select w.lexeme, sqrt(count(*)::float8) as times
        from (select tsv from search_documents
              where article_id = $1 and kind in ('article', 'link') limit 500) d
        cross join lateral unnest(d.tsv) as w (lexeme, positions, weights)
        where w.weights && array['A', 'B'] and length(w.lexeme) > 2
        group by w.lexeme
    ) own
    left join common_words c using (lexeme)
    where coalesce(c.share, 0) < 0.02
    order by weight desc, own.lexeme limit 12
),
shared_words as (
    select f.article_id,
        0.8 * sum(f.weight) / (select sum(weight) from words) as partial_score, jsonb_build_object(
        'kind', 'shared_words', 'count', count(*), 'words', jsonb_agg(f.lexeme order by f.weight desc)) as reason
    from (
        select distinct d.article_id, w.lexeme, w.weight
        from subject cross join words w
        cross join lateral (
            select article_id from search_documents
            where tsv @@ (quote_literal(w.lexeme) || ':AB')::tsquery
              and kind <> 'comment' and published_at between subject.low and subject.high
            order by abs(extract(epoch from published_at - subject.at)), id limit 300
        ) d
        where d.article_id <> $1
    ) f
    group by f.article_id
    having count(*) > 1
)
select f.article_id as id, 1 - exp(sum(ln(1 - least(f.partial_score, 0.999)))) as score,
    jsonb_agg(f.reason order by f.partial_score desc) as reasons
from (
    select article_id, partial_score, reason from shared_links
    union all select article_id, partial_score, reason from shared_outlets
    union all select article_id, partial_score, reason from shared_tags
    union all select article_id, partial_score, reason from shared_words
) f
group by f.article_id
having 1 - exp(sum(ln(1 - least(f.partial_score, 0.999)))) >= 0.1
order by round((1 - exp(sum(ln(1 - least(f.partial_score, 0.999)))))::numeric, 6) desc, f.article_id
limit $3

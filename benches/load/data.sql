-- Fills an empty, migrated database for the load benchmark:
-- psql -v articles=100000 -v least=10 -v most=50 -f data.sql
--
-- Each article has 9 links, 10 outlet credits (some outlets are much more common) and 0 to 3 tags. The
-- first quarter of the articles has `most` comments each, the others `least` or more, usually few.
-- The rows of an article are stored together, as when articles are written one after the other.
-- Everything is derived from the ids, so that two runs measure the same rows. Counters that triggers
-- maintain are set at the end by plain statements, which is faster for all rows at once.

\set ON_ERROR_STOP on
begin;
set local session_replication_role = replica;
set local synchronous_commit = off;
set local work_mem = '128MB';
set local maintenance_work_mem = '512MB';

-- Create indexes after the rows, which is several times faster.
create temp table later as
    select indexname, indexdef from pg_indexes
    where schemaname = 'public'
        and tablename in ('articles', 'links', 'link_credits', 'article_outlets', 'article_tags', 'comments')
        and indexname not in (select conname from pg_constraint);
select format('drop index %I', indexname) from later \gexec

-- Returns a number in 0..1 that depends only on the arguments.
create function pg_temp.chance(what text, id bigint) returns double precision
    immutable parallel safe language sql as
    $$ select (hashint8extended(id, hashtext(what)) & 2147483647) / 2147483648.0 $$;

create temp table places as
    select row_number() over (order by id) - 1 as place, id from outlets;

insert into tags (id, slug, name, created_at)
    overriding system value
    select n, 'subject-' || n, 'Subject ' || n, '2015-01-01' from generate_series(1, 200) n;

insert into articles (id, slug, status, headline, dek, lang, quote_text, quote_html,
        commentary_label, commentary_text, commentary_html, links_heading, author_name,
        published_at, created_at, updated_at)
    overriding system value
    select n, 'what-the-council-decided-about-the-harbour-' || n, 'published',
        'What The Council Decided About The Harbour, Part ' || n,
        'Second Reading Follows On Thursday', 'en',
        p || E'\n\n' || p || E'\n\n' || p,
        '<p>' || p || E'</p>\n<p>' || p || E'</p>\n<p>' || p || E'</p>\n',
        'My Comment', p || ' ' || p, '<p>' || p || ' ' || p || E'</p>\n',
        'More News On The Harbour', 'Editor ' || n % 7,
        at, at, at
    from (select n, timestamptz '2015-01-01' + n * interval '53 minutes' as at,
            'The council met for the ' || n || 'th time and heard the engineers on the state of the '
            || 'eastern pier, the cost of a new one, and the lorries that use it every night, and '
            || 'will hear the shopkeepers of the north bank before it votes.' as p
        from generate_series(1, :articles) n) a;

insert into links (id, article_id, role, position, title, url, url_hash, url_rules, domain, credit,
        published_at)
    overriding system value
    select (a.id - 1) * 9 + p + 1, a.id, case p when 0 then 'lead' else 'more' end, p,
        'Report ' || p || ' on the harbour, read again for part ' || a.id, url, sha256(url::bytea), 1,
        'paper-' || (p * 7 + a.id) % 300 || '.example.com', 'Paper ' || p, a.published_at
    from articles a, generate_series(0, 8) p,
        lateral (select 'https://paper-' || (p * 7 + a.id) % 300 || '.example.com/'
            || extract(year from a.published_at) || '/' || a.id || '/' || p as url) u
    order by a.id, p;

-- The square makes a few outlets very common. The second link is credited to two outlets.
insert into link_credits (link_id, position, outlet_id, bylines, published_at)
    select l.id, c, o.id, case when l.position = 3 then '{A. Writer}'::text[] else '{}' end, l.published_at
    from links l
    cross join generate_series(0, 1) c
    join places o on o.place =
        floor(power(pg_temp.chance('outlet' || c, l.id), 2) * (select count(*) from places))
    where c = 0 or l.position = 1
    order by l.id, c;

insert into article_outlets (article_id, outlet_id, link_count, published_at)
    select l.article_id, c.outlet_id, count(distinct l.id), min(l.published_at)
    from links l join link_credits c on c.link_id = l.id
    group by l.article_id, c.outlet_id
    order by l.article_id;

insert into article_tags (article_id, tag_id, position, published_at)
    select a.id, 1 + (a.id * (t + 1)) % 200, t, a.published_at
    from articles a, generate_series(0, 2) t
    where t < a.id % 4
    order by a.id, t
    on conflict do nothing;

-- Every third comment starts a thread; the next two reply to it.
insert into comments (id, article_id, parent_id, root_id, depth, path, status, author_name, text, html,
        created_at, listed_at, reply_count)
    overriding system value
    select id, article_id, nullif(root_id, id), root_id, case when root_id = id then 0 else 1 end,
        case when root_id = id then int8send(id) else int8send(root_id) || int8send(id) end,
        'approved', 'Reader ' || id % 5000, words, '<p>' || words || E'</p>\n', at, at,
        case when root_id = id then least(2, n - 1 - k) else 0 end
    from (select id, article_id, n, k, id - k % 3 as root_id, at + k * interval '7 minutes' as at,
            'Comment number ' || k || ': I have used that bridge for years, and whoever says that it will '
            || 'hold another winter has not stood under it at night when the lorries pass.' as words
        from (select a.id as article_id, a.published_at as at, n, k,
                row_number() over (order by a.id, k) as id
            from articles a,
                lateral (select case when a.id <= :articles / 4 then :most
                    else :least + floor((:most - :least) * power(pg_temp.chance('comments', a.id), 3))::integer
                    end as n) c,
                generate_series(0, n - 1) k) numbered) c
    order by id;

select indexdef from later \gexec

update articles a set outlet_count = o.n, comment_count = coalesce(c.n, 0), last_comment_at = c.at
    from (select article_id, count(*) as n from article_outlets group by 1) o
    left join (select article_id, count(*) as n, max(listed_at) as at from comments group by 1) c using (article_id)
    where article_id = a.id;
update outlets o set link_count = links, article_count = n, first_seen_at = first, last_seen_at = last
    from (select outlet_id, sum(link_count) as links, count(*) as n, min(published_at) as first,
            max(published_at) as last from article_outlets group by 1) s
    where s.outlet_id = o.id;
update tags t set article_count = n
    from (select tag_id, count(*) as n from article_tags group by 1) s
    where s.tag_id = t.id;

select setval(pg_get_serial_sequence('articles', 'id'), max(id)) from articles;
select setval(pg_get_serial_sequence('links', 'id'), max(id)) from links;
select setval(pg_get_serial_sequence('comments', 'id'), max(id)) from comments;
select setval(pg_get_serial_sequence('tags', 'id'), max(id)) from tags;
commit;
-- Setting the counters rewrote the articles in any order; restore the original order.
cluster articles using articles_pkey;
vacuum (analyze);
checkpoint;

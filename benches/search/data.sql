-- Fills an empty, migrated database with links: psql -v articles=100000 -f data.sql
--
-- Each article has ten links, twelve outlet credits, 0 to 2 tags and one comment. Words are made of
-- syllables, with frequencies like those of headlines: the first is in about one title in twenty, most
-- are in a few of the million. Everything is derived from the ids, so that two runs measure the same
-- rows. What triggers maintain is set by plain statements, which is faster for all rows at once.

\set ON_ERROR_STOP on
begin;
set local session_replication_role = replica;
set local synchronous_commit = off;
set local work_mem = '256MB';
set local maintenance_work_mem = '1GB';

-- Returns a number in 0..1 that depends only on the arguments.
create function pg_temp.chance(what text, id bigint) returns double precision
    immutable parallel safe language sql as
    $$ select (hashint8extended(id, hashtext(what)) & 2147483647) / 2147483648.0 $$;

-- Returns the word of a rank: three syllables; the first two are common beginnings.
create function pg_temp.word(rank bigint) returns text immutable parallel safe language sql as $$
    select s[1 + rank % 37] || s[1 + rank / 37 % 37] || s[1 + rank / 1369 % 37]
    from (select '{ba,ke,dor,fi,gul,har,jo,kan,lem,mi,nor,po,qua,ru,sal,tem,ul,vor,wi,xan,yol,zem,bri,cla,dra,fre,gro,pla,sta,tru,ska,sho,che,thu,phi,whe,ost}'::text[] as s) x
$$;

-- Returns `count` words, by Zipf's law without the first ranks, which are stop words.
create function pg_temp.words(what text, id bigint, count integer) returns text
    immutable parallel safe language sql as $$
    select string_agg(pg_temp.word(floor(21 * power(50021 / 21.0, pg_temp.chance(what, id * 64 + k)) - 21)::bigint), ' ')
    from generate_series(1, count) k
$$;

create temp table places as
    select row_number() over (order by id) - 1 as place, id from outlets;

insert into tags (id, slug, name, created_at) overriding system value
    select n, 'subject-' || n, 'Subject ' || n, '2015-01-01' from generate_series(1, 500) n;

insert into articles (id, slug, status, headline, dek, lang, quote_text, quote_html, author_name,
        published_at, created_at, updated_at)
    overriding system value
    select n, 'a-' || n, 'published', pg_temp.words('headline', n, 7), pg_temp.words('dek', n, 6), 'en',
        quote, '<p>' || quote || '</p>', 'Editor ' || n % 7, at, at, at
    from generate_series(1, :articles) n,
        lateral (select pg_temp.words('quote', n, 60) as quote,
            timestamptz '2015-01-01' + n * interval '53 minutes' as at) x;

-- One URL in ten is cited repeatedly: a page of the first thousand. The keys are those of version 1
-- of the normalisation rules.
insert into links (id, article_id, role, position, title, url, url_hash, url_rules, domain, credit,
        published_at)
    overriding system value
    select n, a.id, case p when 0 then 'lead' else 'more' end, p, pg_temp.words('title', n, 8),
        'https://www.' || key || '?utm_source=feed', substring(sha256(key::bytea) for 16), 1, domain,
        'Paper ' || place, a.published_at
    from articles a, generate_series(0, 9) p,
        lateral (select (a.id - 1) * 10 + p + 1 as n) l,
        lateral (select floor(power(pg_temp.chance('host', n), 3) * 3000)::integer as place) h,
        lateral (select 'paper-' || place || '.example.com' as domain) d,
        lateral (select domain || '/' || case when n % 10 = 7
            then place % 1000 else n end as key) k;

insert into link_credits (link_id, position, outlet_id, published_at)
    select l.id, c, o.id, l.published_at
    from links l cross join generate_series(0, 1) c
    join places o on o.place =
        floor(power(pg_temp.chance('outlet' || c, l.id), 2) * (select count(*) from places))
    where c = 0 or l.position < 2;

insert into article_outlets (article_id, outlet_id, link_count, published_at)
    select l.article_id, c.outlet_id, count(distinct l.id), min(l.published_at)
    from links l join link_credits c on c.link_id = l.id
    group by l.article_id, c.outlet_id;

insert into article_tags (article_id, tag_id, position, published_at)
    select a.id, 1 + floor(power(pg_temp.chance('tag' || t, a.id), 2) * 500)::integer, t, a.published_at
    from articles a, generate_series(0, 1) t
    where t < a.id % 3
    on conflict do nothing;

insert into article_paths (hash, path, article_id)
    select sha256(path::bytea), path, id
    from (select id, '/blog/' || id || '.html' as path from articles) p;

insert into comments (id, article_id, root_id, depth, path, status, author_name, text, html,
        created_at, listed_at)
    overriding system value
    select n, n, n, 0, int8send(n), 'approved', 'Reader ' || n % 5000, words, '<p>' || words || '</p>',
        at, at
    from (select id as n, published_at + interval '1 hour' as at,
        pg_temp.words('comment', id, 30) as words from articles) c;

update articles a set comment_count = 1, last_comment_at = published_at + interval '1 hour',
    outlet_count = (select count(*) from article_outlets o where o.article_id = a.id);
update outlets o set link_count = links, article_count = n, first_seen_at = first, last_seen_at = last
    from (select outlet_id, sum(link_count) as links, count(*) as n, min(published_at) as first,
            max(published_at) as last from article_outlets group by 1) s
    where s.outlet_id = o.id;
update tags t set article_count = n
    from (select tag_id, count(*) as n from article_tags group by 1) s where s.tag_id = t.id;
insert into article_months (month, article_count)
    select date_trunc('month', published_at at time zone 'UTC')::date, count(*) from articles group by 1;

-- Create the search index at the end; row by row it takes several times as long.
drop index search_documents_tsv_idx;
select index_articles(array_agg(id)) from articles;
select index_links(array_agg(id)) from links;
select index_comments(array_agg(id)) from comments;
update search_languages set used = true where lang = 'en';
create index search_documents_tsv_idx on search_documents using gin (tsv);

select setval(pg_get_serial_sequence('articles', 'id'), max(id)) from articles;
select setval(pg_get_serial_sequence('links', 'id'), max(id)) from links;
select setval(pg_get_serial_sequence('comments', 'id'), max(id)) from comments;
select setval(pg_get_serial_sequence('tags', 'id'), max(id)) from tags;
commit;
vacuum (analyze);
checkpoint;

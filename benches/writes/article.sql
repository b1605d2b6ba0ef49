-- The rows of an article with nine links and ten credits, and what is derived from them.
\set one random(1, 1000000000)
\set outlet random(1, :outlets)
begin;
with article as (
    insert into articles (slug, status, headline, quote_text, quote_html, published_at, created_at, updated_at)
    values ('bench-' || :one || '-' || :client_id || '-' || clock_timestamp(), 'published', 'Harbour in part ' || :one,
        'The council met.', '<p>The council met.</p>', clock_timestamp(), clock_timestamp(), clock_timestamp())
    returning id, published_at
), link as (
    insert into links (article_id, role, position, title, url, url_hash, url_rules, domain, credit, published_at)
    select article.id, case n when 0 then 'lead' else 'more' end, n, 'Report ' || n || ' on the harbour',
        'https://paper-' || n || '.example.net/' || :one, sha256((n || 'x' || :one)::bytea), 1, 'paper.example.net', 'Paper',
        article.published_at
    from article, generate_series(0, 8) n
    returning id, position, published_at
), credit as (
    insert into link_credits (link_id, position, outlet_id, bylines, published_at)
    select link.id, c, (:first + (:outlet + link.position + c) % :outlets)::bigint, '{}', link.published_at
    from link, generate_series(0, 1) c where c = 0 or link.position = 1
    returning outlet_id
), outlet as (
    insert into article_outlets (article_id, outlet_id, link_count, published_at)
    select article.id, outlet_id, count(*), article.published_at from article, credit
    group by article.id, outlet_id, article.published_at
    order by outlet_id
    returning outlet_id
), revision as (
    insert into article_revisions (article_id, version, at, body)
    select id, 1, published_at, '{"headline":"Harbour"}' from article
)
insert into article_tags (article_id, tag_id, position, published_at)
select article.id, t + 1, t, article.published_at from article, generate_series(0, 1) t;
commit;

-- As 20261123000700_search made them.
create or replace function search_put_articles(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using articles a
    where d.kind = 'article' and d.id = any (ids) and a.id = d.id and a.status <> 'published';

    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'article', a.id, a.id, a.published_at, s.lang,
        search_title(s.config::regconfig, a.headline, 'A')
        || search_title(s.config::regconfig, a.dek, 'B')
        || setweight(to_tsvector(s.config::regconfig, left(coalesce(a.quote_html, ''), 100000)), 'C')
        || setweight(to_tsvector(s.config::regconfig, left(coalesce(a.commentary_html, ''), 100000)), 'C')
        || setweight(to_tsvector(s.config::regconfig, concat_ws(' ', a.author_name, a.links_heading)), 'D')
    from articles a join search_languages s on s.lang = search_language(a.lang)
    where a.id = any (ids) and a.status = 'published'
    order by a.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

create or replace function search_put_links(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using articles a
    where d.kind = 'link' and d.id = any (ids) and a.id = d.article_id and a.status <> 'published';

    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'link', l.id, a.id, a.published_at, s.lang,
        search_title(s.config::regconfig, l.title, 'A')
        || search_title(s.config::regconfig, l.credit, 'B')
        || setweight(to_tsvector(s.config::regconfig, left(coalesce(l.quote_html, ''), 100000)), 'C')
        || setweight(to_tsvector(s.config::regconfig, concat_ws(' ', l.section, l.domain)), 'D')
    from links l join articles a on a.id = l.article_id
    join search_languages s on s.lang = search_language(a.lang)
    where l.id = any (ids) and a.status = 'published'
    order by l.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

create or replace function search_put_comments(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using comments c join articles a on a.id = c.article_id
    where d.kind = 'comment' and d.id = any (ids) and c.id = d.id
      and (c.status <> 'approved' or a.status <> 'published');

    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'comment', c.id, a.id, a.published_at, s.lang,
        setweight(to_tsvector(s.config::regconfig, left(c.html, 100000)), 'C')
        || setweight(to_tsvector(s.config::regconfig, coalesce(c.author_name, '')), 'D')
    from comments c join articles a on a.id = c.article_id
    join search_languages s on s.lang = search_language(a.lang)
    where c.id = any (ids) and c.status = 'approved' and a.status = 'published'
    order by c.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

drop function search_places;

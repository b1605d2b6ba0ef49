-- Search documents: one row of search_documents for each public article, link and comment. To index a row is
-- to write its document, or to delete it when the row is not public. The service calls these functions for
-- what it finds in the table `changes` (src/search_index.rs), so a write does not wait for them.

-- Returns the public ones of these articles, with the text search configuration of their language.
--
-- It is not inlined, and promises few rows, so an import is indexed at the same speed before its tables
-- have statistics: inlined, the planner read all comments of an article for every batch of them (0.8 s
-- for 2,000 of 100,000 comments, against 0.1 s).
create or replace function search_published_articles(ids bigint[])
returns table (id bigint, published_at timestamptz, lang text, config regconfig)
language plpgsql stable rows 100 as $$
begin
    return query
        select a.id, a.published_at, s.lang, s.config::regconfig
        from articles a join search_languages s on s.lang = search_language(a.lang)
        where a.id = any (ids) and a.status = 'published';
end $$;

-- Returns the words of a long text, with weight C; only its beginning if there are too many. A tsvector
-- holds 1 MB (SQLSTATE 54000), and an article has two such texts: each takes less than half, so that no
-- text can prevent an article from being stored or published.
create or replace function search_text(config regconfig, value text) returns tsvector
language plpgsql immutable as $$
declare
    characters integer := 100000;
    words tsvector;
begin
    -- Words take at most four times their bytes.
    if octet_length(coalesce(value, '')) <= 100000 then
        return setweight(to_tsvector(config, coalesce(value, '')), 'C');
    end if;
    loop
        begin
            words := to_tsvector(config, left(value, characters));
            if pg_column_size(words) <= 450000 then
                return setweight(words, 'C');
            end if;
        exception when program_limit_exceeded then
            null;
        end;
        characters := characters / 2;
    end loop;
end $$;

-- Indexes these articles.
create or replace function index_articles(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using articles a
    where d.kind = 'article' and d.id = any (ids) and a.id = d.id and a.status <> 'published';

    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'article', a.id, a.id, p.published_at, p.lang,
        search_title(p.config, a.headline, 'A')
        || search_title(p.config, a.dek, 'B')
        || search_text(p.config, a.quote_html)
        || search_text(p.config, a.commentary_html)
        || setweight(to_tsvector(p.config, concat_ws(' ', a.author_name, a.links_heading)), 'D')
    from search_published_articles(ids) p join articles a on a.id = p.id
    order by a.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

-- Indexes these links.
create or replace function index_links(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using articles a
    where d.kind = 'link' and d.id = any (ids) and a.id = d.article_id and a.status <> 'published';

    with found as materialized (
        select id, article_id, title, credit, quote_html, section, domain
        from links where id = any (ids)
    )
    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'link', l.id, p.id, p.published_at, p.lang,
        search_title(p.config, l.title, 'A')
        || search_title(p.config, l.credit, 'B')
        || search_text(p.config, l.quote_html)
        || setweight(to_tsvector(p.config, concat_ws(' ', l.section, l.domain)), 'D')
    from found l join search_published_articles(array(select distinct article_id from found)) p
        on p.id = l.article_id
    order by l.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

-- Indexes these comments.
create or replace function index_comments(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using comments c join articles a on a.id = c.article_id
    where d.kind = 'comment' and d.id = any (ids) and c.id = d.id
      and (c.status <> 'approved' or a.status <> 'published');

    with found as materialized (
        select id, article_id, html, author_name
        from comments where id = any (ids) and status = 'approved'
    )
    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'comment', c.id, p.id, p.published_at, p.lang,
        search_text(p.config, c.html)
        || setweight(to_tsvector(p.config, coalesce(c.author_name, '')), 'D')
    from found c join search_published_articles(array(select distinct article_id from found)) p
        on p.id = c.article_id
    order by c.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

-- Languages ------------------------------------------------------------------------------------

-- Marks the languages of written documents as used: only used languages are searched.
create or replace function mark_used_languages() returns trigger language plpgsql as $$
begin
    update search_languages s set used = true
    where not s.used and exists (select from new_rows c where c.lang = s.lang);
    return null;
end $$;

create or replace trigger search_documents_after_insert_languages after insert on search_documents
    referencing new table as new_rows for each statement execute function mark_used_languages();
create or replace trigger search_documents_after_update_languages after update on search_documents
    referencing new table as new_rows for each statement execute function mark_used_languages();

-- Changes --------------------------------------------------------------------------------------
-- The documents of a deleted article are deleted by their foreign key.

-- Indexes changed articles. Returns those whose links and comments must be indexed as well, because they
-- became public, are no longer public, or have another time or language.
create or replace function index_changed_articles(ids bigint[]) returns setof bigint language plpgsql as $$
declare
    moved bigint[];
begin
    moved := array(
        select i.id from unnest(ids) as i (id)
        left join search_documents d on d.kind = 'article' and d.id = i.id
        left join search_published_articles(ids) p on p.id = i.id
        where (d.published_at, d.lang) is distinct from (p.published_at, p.lang));
    perform index_articles(ids);
    return query select unnest(moved);
end $$;

-- Indexes changed comments, which may have been deleted.
create or replace function index_changed_comments(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d
    where d.kind = 'comment' and d.id = any (ids) and not exists (select from comments c where c.id = d.id);
    perform index_comments(ids);
end $$;

-- Search: one document for each article, link and comment that is public, in a table of its own with
-- one GIN index; and how many articles each month has.
--
-- Triggers on whole statements keep both, so that they are right whoever writes.

-- Accents are folded by the extension `unaccent`, part of PostgreSQL's contrib and trusted since
-- version 13. Where it cannot be had, search works all the same but tells é from e.
do $$
begin
    create extension if not exists unaccent;
exception when others then
    raise notice 'no extension unaccent (%): search will tell accented letters apart', sqlerrm;
end $$;

create table search_languages (
    lang text primary key,
    config text not null,
    used boolean not null default false
);
comment on table search_languages is 'How each language is searched; '''' stands for all others.';
comment on column search_languages.config is 'The text search configuration, by name: a regconfig would stand in the way of pg_upgrade.';
comment on column search_languages.used is 'Some document has it: only then a query is read in it.';

insert into search_languages (lang, config)
select lang, 'roundup_' || base
from (values ('', 'simple'), ('ar', 'arabic'), ('ca', 'catalan'), ('da', 'danish'), ('de', 'german'),
    ('el', 'greek'), ('en', 'english'), ('es', 'spanish'), ('eu', 'basque'), ('fi', 'finnish'),
    ('fr', 'french'), ('ga', 'irish'), ('hi', 'hindi'), ('hu', 'hungarian'), ('hy', 'armenian'),
    ('id', 'indonesian'), ('it', 'italian'), ('lt', 'lithuanian'), ('ne', 'nepali'),
    ('nb', 'norwegian'), ('nl', 'dutch'), ('nn', 'norwegian'), ('no', 'norwegian'),
    ('pt', 'portuguese'), ('ro', 'romanian'), ('ru', 'russian'), ('sr', 'serbian'),
    ('sv', 'swedish'), ('ta', 'tamil'), ('tr', 'turkish'), ('yi', 'yiddish')) as known (lang, base)
where exists (select from pg_ts_config where cfgname = base and cfgnamespace = 'pg_catalog'::regnamespace);

do $$
declare
    config text;
    dictionary text;
begin
    for config in select distinct l.config from search_languages l order by l.config loop
        execute format('create text search configuration %I (copy = pg_catalog.%I)',
            config, substr(config, length('roundup_') + 1));
        if exists (select from pg_ts_template where tmplname = 'unaccent') then
            dictionary := substr(config, length('roundup_') + 1)
                || case config when 'roundup_simple' then '' else '_stem' end;
            execute format('alter text search configuration %I '
                'alter mapping for word, hword, hword_part with unaccent, %I', config, dictionary);
        end if;
    end loop;
end $$;

create table search_documents (
    kind text not null,
    id bigint not null,
    article_id bigint not null references articles on delete cascade,
    published_at timestamptz not null,
    lang text not null,
    tsv tsvector not null,
    primary key (kind, id),
    constraint search_documents_kind_check check (kind in ('article', 'link', 'comment'))
);
comment on table search_documents is 'What can be found: public articles, their links and comments.';
comment on column search_documents.published_at is 'The article''s.';
comment on column search_documents.lang is 'The row of search_languages it is read by.';
comment on column search_documents.tsv is 'Stems by that language; titles also word by word, for search as one types.';
create index search_documents_article_id_idx on search_documents (article_id);
create index search_documents_tsv_idx on search_documents using gin (tsv);

-- The row of search_languages for a BCP 47 tag: its first subtag, English where nothing is said.
create function search_language(tag text) returns text language sql stable parallel safe as $$
    select coalesce(
        (select lang from search_languages where lang = lower(split_part(coalesce(tag, 'en'), '-', 1))),
        '');
$$;

-- A title: its stems, and its words as they stand for prefixes. `universit` is the beginning of a
-- word, but not that of its stem.
create function search_title(config regconfig, title text, weight "char") returns tsvector
language sql stable parallel safe as $$
    select setweight(to_tsvector(config, coalesce(title, '')), weight)
        || setweight(to_tsvector('roundup_simple', coalesce(title, '')), 'D');
$$;

-- What somebody looks for, as `config` reads it: `head` in the way of web search engines, and words
-- that begin with `tail`. Null when nothing is left, or only what must not occur.
create function search_query(config regconfig, head text, tail text) returns tsquery
language plpgsql stable parallel safe set client_min_messages = warning as $$
declare
    wanted tsquery := websearch_to_tsquery(config, head);
    word text := '''' || tail || ''':*';
begin
    if tail <> '' then
        wanted := wanted && (to_tsquery(config, word) || to_tsquery('roundup_simple', word));
    end if;
    if numnode(wanted) = 0 or querytree(wanted) in ('', 'T') then
        return null;
    end if;
    return wanted;
end $$;

-- What is found, each document by its own language; the rank in millionths, and of equals the article
-- in the first place. Written so that the
-- planner takes it apart: conditions on its columns are applied inside.
create function search_match(head text, tail text)
returns table (kind text, id bigint, article_id bigint, published_at timestamptz, lang text, rank bigint,
    place integer)
language sql stable parallel safe as $$
    select d.kind, d.id, d.article_id, d.published_at, d.lang,
        round(1e6 * ts_rank(d.tsv, l.query))::bigint,
        case d.kind when 'article' then 2 when 'link' then 1 else 0 end
    from (select s.lang, search_query(s.config::regconfig, head, tail) as query
          from search_languages s where s.used offset 0) l
    join search_documents d on d.lang = l.lang and d.tsv @@ l.query;
$$;

-- Keeping the documents --------------------------------------------------------------------------

create function search_put_articles(ids bigint[]) returns void language plpgsql as $$
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

create function search_put_links(ids bigint[]) returns void language plpgsql as $$
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

create function search_put_comments(ids bigint[]) returns void language plpgsql as $$
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

-- Every path of every trigger ends here: languages that came into use are marked.
create function search_use_languages() returns trigger language plpgsql as $$
begin
    update search_languages s set used = true
    where not s.used and exists (select from changed c where c.lang = s.lang);
    return null;
end $$;
create trigger search_documents_came after insert on search_documents
    referencing new table as changed for each statement execute function search_use_languages();
create trigger search_documents_changed after update on search_documents
    referencing new table as changed for each statement execute function search_use_languages();

create table article_months (
    month date primary key,
    article_count bigint not null
);
comment on table article_months is 'Published articles per month (UTC); kept by trigger.';

create function count_article_month(at timestamptz, status text) returns date
language sql immutable parallel safe as $$
    select case when status = 'published' then date_trunc('month', at at time zone 'UTC')::date end;
$$;

create function search_articles_came() returns trigger language plpgsql as $$
begin
    perform search_put_articles(array_agg(id)) from new_rows where status = 'published';
    insert into article_months (month, article_count)
    select count_article_month(published_at, status) as month, count(*)
    from new_rows where status = 'published' group by month order by month
    on conflict (month) do update
        set article_count = article_months.article_count + excluded.article_count;
    return null;
end $$;

create function search_articles_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
    moved bigint[];
begin
    select array_agg(n.id),
        array_agg(n.id) filter (where (n.status = 'published', n.published_at, n.lang)
            is distinct from (o.status = 'published', o.published_at, o.lang))
    into changed, moved
    from new_rows n join old_rows o using (id)
    where (n.status = 'published' or o.status = 'published')
      and (n.status, n.published_at, n.lang, n.headline, n.dek, n.quote_html, n.commentary_html,
           n.author_name, n.links_heading)
        is distinct from (o.status, o.published_at, o.lang, o.headline, o.dek, o.quote_html,
           o.commentary_html, o.author_name, o.links_heading);
    if changed is null then
        return null;
    end if;
    perform search_put_articles(changed);
    if moved is not null then
        perform search_put_links(array_agg(id)) from links where article_id = any (moved);
        perform search_put_comments(array_agg(id)) from comments where article_id = any (moved);
        insert into article_months (month, article_count)
        select month, sum(n) from (
            select count_article_month(published_at, status) as month, 1 as n
            from new_rows where id = any (moved)
            union all
            select count_article_month(published_at, status), -1 from old_rows where id = any (moved)
        ) d where month is not null group by month having sum(n) <> 0 order by month
        on conflict (month) do update
            set article_count = article_months.article_count + excluded.article_count;
    end if;
    return null;
end $$;

create function search_articles_went() returns trigger language plpgsql as $$
begin
    insert into article_months (month, article_count)
    select count_article_month(published_at, status) as month, -count(*)
    from old_rows where status = 'published' group by month order by month
    on conflict (month) do update
        set article_count = article_months.article_count + excluded.article_count;
    return null;
end $$;

create trigger search_articles_came after insert on articles
    referencing new table as new_rows for each statement execute function search_articles_came();
create trigger search_articles_changed after update on articles
    referencing old table as old_rows new table as new_rows
    for each statement execute function search_articles_changed();
create trigger search_articles_went after delete on articles
    referencing old table as old_rows for each statement execute function search_articles_went();

create function search_links_came() returns trigger language plpgsql as $$
begin
    perform search_put_links(array_agg(id)) from new_rows;
    return null;
end $$;

create function search_links_changed() returns trigger language plpgsql as $$
begin
    perform search_put_links(array_agg(n.id))
    from new_rows n join old_rows o using (id)
    where (n.article_id, n.title, n.credit, n.quote_html, n.section, n.domain)
        is distinct from (o.article_id, o.title, o.credit, o.quote_html, o.section, o.domain);
    return null;
end $$;

create function search_links_went() returns trigger language plpgsql as $$
begin
    delete from search_documents d using old_rows o where d.kind = 'link' and d.id = o.id;
    return null;
end $$;

create trigger search_links_came after insert on links
    referencing new table as new_rows for each statement execute function search_links_came();
create trigger search_links_changed after update on links
    referencing old table as old_rows new table as new_rows
    for each statement execute function search_links_changed();
create trigger search_links_went after delete on links
    referencing old table as old_rows for each statement execute function search_links_went();

create function search_comments_came() returns trigger language plpgsql as $$
begin
    perform search_put_comments(array_agg(id)) from new_rows where status = 'approved';
    return null;
end $$;

create function search_comments_changed() returns trigger language plpgsql as $$
begin
    perform search_put_comments(array_agg(n.id))
    from new_rows n join old_rows o using (id)
    where (n.article_id, n.status, n.html, n.author_name)
        is distinct from (o.article_id, o.status, o.html, o.author_name);
    return null;
end $$;

create function search_comments_went() returns trigger language plpgsql as $$
begin
    delete from search_documents d using old_rows o where d.kind = 'comment' and d.id = o.id;
    return null;
end $$;

create trigger search_comments_came after insert on comments
    referencing new table as new_rows for each statement execute function search_comments_came();
create trigger search_comments_changed after update on comments
    referencing old table as old_rows new table as new_rows
    for each statement execute function search_comments_changed();
create trigger search_comments_went after delete on comments
    referencing old table as old_rows for each statement execute function search_comments_went();

-- What is there already.
do $$
begin
    perform search_put_articles(array_agg(id)) from articles where status = 'published';
    perform search_put_links(array_agg(id)) from links;
    perform search_put_comments(array_agg(id)) from comments where status = 'approved';
    insert into article_months (month, article_count)
    select count_article_month(published_at, status) as month, count(*)
    from articles where status = 'published' group by month;
end $$;

-- The outlets of a stretch of time, for statistics over all of them.
create index article_outlets_published_at_idx on article_outlets (published_at)
    include (outlet_id, link_count) where published_at is not null;

-- The name under which feeds know this site for ever, whatever its address: the ids of their
-- entries are made from it, so that they outlive slugs and addresses.
insert into site (key, value) values ('id', gen_random_uuid()::text) on conflict (key) do nothing;

-- Drops what was created from sql/, and creates what the steps before had created, word for word.

do $$
declare
    made record;
begin
    for made in select * from replaceable_sql where kind = 'trigger' loop
        execute format('drop trigger if exists %I on %I', made.name, made.table_name);
    end loop;
    for made in select * from replaceable_sql where kind = 'function' loop
        execute format('drop function if exists %I', made.name);
    end loop;
end $$;
drop table replaceable_sql;

-- From 20261122000000_core ---------------------------------------------------------------------

create or replace function refresh_articles(ids bigint[]) returns void language plpgsql as $$
begin
    update links l set published_at = case when a.status = 'published' then a.published_at end
    from articles a
    where a.id = l.article_id and a.id = any (ids)
      and l.published_at is distinct from case when a.status = 'published' then a.published_at end;

    update link_credits c set published_at = l.published_at
    from links l
    where l.id = c.link_id and l.article_id = any (ids)
      and c.published_at is distinct from l.published_at;

    update article_tags t set published_at = case when a.status = 'published' then a.published_at end
    from articles a
    where a.id = t.article_id and a.id = any (ids)
      and t.published_at is distinct from case when a.status = 'published' then a.published_at end;

    delete from article_outlets o
    where o.article_id = any (ids)
      and not exists (select from link_credits c join links l on l.id = c.link_id
                      where l.article_id = o.article_id and c.outlet_id = o.outlet_id);

    insert into article_outlets (article_id, outlet_id, link_count, published_at)
    select l.article_id, c.outlet_id, count(distinct l.id), min(l.published_at)
    from links l join link_credits c on c.link_id = l.id
    where l.article_id = any (ids) and c.outlet_id is not null
    group by l.article_id, c.outlet_id
    order by c.outlet_id
    on conflict (article_id, outlet_id) do update
        set link_count = excluded.link_count, published_at = excluded.published_at
        where (article_outlets.link_count, article_outlets.published_at)
            is distinct from (excluded.link_count, excluded.published_at);

    update articles a set outlet_count = n.outlets
    from (select i.id, (select count(*) from article_outlets o where o.article_id = i.id) as outlets
          from unnest(ids) as i (id)) n
    where a.id = n.id and a.outlet_count <> n.outlets;
end $$;

create or replace function count_outlets() returns trigger language plpgsql as $$
begin
    perform from outlets
    where id in (select outlet_id from changed where published_at is not null)
    order by id for no key update;

    update outlets o
    set link_count = o.link_count + d.links * tg_argv[0]::integer,
        article_count = o.article_count + d.articles * tg_argv[0]::integer,
        first_seen_at = (select min(x.published_at) from article_outlets x where x.outlet_id = o.id),
        last_seen_at = (select max(x.published_at) from article_outlets x where x.outlet_id = o.id)
    from (select outlet_id, sum(link_count) as links, count(*) as articles
          from changed where published_at is not null group by outlet_id) d
    where o.id = d.outlet_id;
    return null;
end $$;

create trigger article_outlets_came after insert on article_outlets
    referencing new table as changed for each statement execute function count_outlets('1');
create trigger article_outlets_was after update on article_outlets
    referencing old table as changed for each statement execute function count_outlets('-1');
create trigger article_outlets_will after update on article_outlets
    referencing new table as changed for each statement execute function count_outlets('1');
create trigger article_outlets_went after delete on article_outlets
    referencing old table as changed for each statement execute function count_outlets('-1');

create or replace function count_tags() returns trigger language plpgsql as $$
begin
    perform from tags
    where id in (select tag_id from changed where published_at is not null)
    order by id for no key update;

    update tags t
    set article_count = t.article_count + d.articles * tg_argv[0]::integer
    from (select tag_id, count(*) as articles
          from changed where published_at is not null group by tag_id) d
    where t.id = d.tag_id;
    return null;
end $$;

create trigger article_tags_came after insert on article_tags
    referencing new table as changed for each statement execute function count_tags('1');
create trigger article_tags_was after update on article_tags
    referencing old table as changed for each statement execute function count_tags('-1');
create trigger article_tags_will after update on article_tags
    referencing new table as changed for each statement execute function count_tags('1');
create trigger article_tags_went after delete on article_tags
    referencing old table as changed for each statement execute function count_tags('-1');

create or replace function count_comments() returns trigger language plpgsql as $$
declare
    parents jsonb;
    counts jsonb;
begin
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(parent_id, n) into parents from (
            select n.parent_id, sum((n.status = 'approved' or n.reply_count > 0)::integer
                                  - (o.status = 'approved' or o.reply_count > 0)::integer) as n
            from new_rows n join old_rows o using (id)
            where n.parent_id is not null group by n.parent_id) d where n <> 0;
        select jsonb_object_agg(article_id, n) into counts from (
            select n.article_id, sum((n.status = 'approved')::integer
                                   - (o.status = 'approved')::integer) as n
            from new_rows n join old_rows o using (id)
            where (n.status = 'approved') <> (o.status = 'approved') group by n.article_id) d;
    elsif tg_op = 'INSERT' then
        select jsonb_object_agg(parent_id, n) into parents from (
            select parent_id, count(*) as n from new_rows
            where parent_id is not null and (status = 'approved' or reply_count > 0)
            group by parent_id) d;
        select jsonb_object_agg(article_id, n) into counts from (
            select article_id, count(*) as n from new_rows
            where status = 'approved' group by article_id) d;
    else
        select jsonb_object_agg(parent_id, n) into parents from (
            select parent_id, -count(*) as n from old_rows
            where parent_id is not null and (status = 'approved' or reply_count > 0)
            group by parent_id) d;
        select jsonb_object_agg(article_id, n) into counts from (
            select article_id, -count(*) as n from old_rows
            where status = 'approved' group by article_id) d;
    end if;

    if counts is not null then
        update articles a
        set comment_count = a.comment_count + d.n::integer,
            last_comment_at = (select max(c.listed_at) from comments c
                               where c.article_id = a.id and c.status = 'approved')
        from (select key::bigint as id, value as n from jsonb_each_text(counts)) d
        where a.id = d.id;
    end if;
    if parents is not null then
        update comments c set reply_count = c.reply_count + d.n::integer
        from (select key::bigint as id, value as n from jsonb_each_text(parents)) d
        where c.id = d.id;
    end if;
    return null;
end $$;

create trigger comments_came after insert on comments
    referencing new table as new_rows for each statement execute function count_comments();
create trigger comments_changed after update on comments
    referencing old table as old_rows new table as new_rows
    for each statement execute function count_comments();
create trigger comments_went after delete on comments
    referencing old table as old_rows for each statement execute function count_comments();

-- From 20261123000500_notify -------------------------------------------------------------------

create or replace function notify_articles(ids bigint[]) returns void language sql as $$
    select pg_notify('roundup',
        case when cardinality(ids) > 400 then 'all' else array_to_string(ids, ' ') end)
    where cardinality(ids) > 0;
$$;

create or replace function notify_plain() returns trigger language plpgsql as $$
begin
    perform pg_notify('roundup', tg_argv[0]);
    return null;
end $$;

create or replace function notify_changed() returns trigger language plpgsql as $$
begin
    if exists (select from changed) then
        perform pg_notify('roundup', tg_argv[0]);
    end if;
    return null;
end $$;

create or replace function notify_parts() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(select distinct article_id from changed));
    return null;
end $$;

create or replace function notify_credits() returns trigger language plpgsql as $$
begin
    -- Where the link is gone as well, its own notice tells.
    perform notify_articles(array(
        select distinct l.article_id from changed c join links l on l.id = c.link_id));
    return null;
end $$;

create or replace function notify_published() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(select distinct id from changed where status = 'published'));
    return null;
end $$;

create or replace function notify_comments() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(
        select distinct article_id from changed where status = 'approved' or reply_count > 0));
    return null;
end $$;

create or replace function notify_outlets() returns trigger language plpgsql as $$
begin
    if exists (select from changed join old_rows o using (id)
               where (changed.slug, changed.name) is distinct from (o.slug, o.name)) then
        perform pg_notify('roundup', 'site');
    elsif exists (select from changed) then
        perform pg_notify('roundup', 'lists');
    end if;
    return null;
end $$;

do $$
declare
    one record;
begin
    for one in
        select * from (values
            ('articles', 'notify_published', ''),
            ('comments', 'notify_comments', ''),
            ('links', 'notify_parts', ''),
            ('article_tags', 'notify_parts', ''),
            ('link_credits', 'notify_credits', ''),
            ('article_slugs', 'notify_changed', 'lists'),
            ('article_paths', 'notify_changed', 'lists'),
            ('purged_articles', 'notify_changed', 'lists'),
            ('outlet_aliases', 'notify_changed', 'lists'),
            ('outlet_hosts', 'notify_changed', 'lists'),
            ('outlet_slugs', 'notify_changed', 'lists'),
            ('tag_slugs', 'notify_changed', 'lists'),
            ('site', 'notify_changed', 'site')) as t (name, teller, notice)
    loop
        execute format('create trigger %1$s_tell_new after insert on %1$I
            referencing new table as changed for each statement execute function %2$I(%3$L)',
            one.name, one.teller, one.notice);
        execute format('create trigger %1$s_tell_was after update on %1$I
            referencing old table as changed for each statement execute function %2$I(%3$L)',
            one.name, one.teller, one.notice);
        execute format('create trigger %1$s_tell_now after update on %1$I
            referencing new table as changed for each statement execute function %2$I(%3$L)',
            one.name, one.teller, one.notice);
        execute format('create trigger %1$s_tell_gone after delete on %1$I
            referencing old table as changed for each statement execute function %2$I(%3$L)',
            one.name, one.teller, one.notice);
    end loop;

    for one in select * from (values ('outlets'), ('tags')) as t (name)
    loop
        execute format('create trigger %1$s_tell_new after insert on %1$I
            referencing new table as changed for each statement
            execute function notify_changed(''lists'')', one.name);
        execute format('create trigger %1$s_tell_now after update on %1$I
            referencing old table as old_rows new table as changed for each statement
            execute function notify_outlets()', one.name);
        execute format('create trigger %1$s_tell_gone after delete on %1$I
            referencing old table as changed for each statement
            execute function notify_changed(''site'')', one.name);
    end loop;

    for one in
        select * from (values ('articles'), ('comments'), ('links'), ('article_tags'),
            ('link_credits'), ('article_slugs'), ('article_paths'), ('purged_articles'),
            ('outlets'), ('outlet_aliases'), ('outlet_hosts'), ('outlet_slugs'), ('tags'),
            ('tag_slugs'), ('site')) as t (name)
    loop
        execute format('create trigger %1$s_tell_empty after truncate on %1$I
            for each statement execute function notify_plain(''all'')', one.name);
    end loop;
end $$;

-- From 20261123000700_search -------------------------------------------------------------------

create or replace function search_language(tag text) returns text language sql stable parallel safe as $$
    select coalesce(
        (select lang from search_languages where lang = lower(split_part(coalesce(tag, 'en'), '-', 1))),
        '');
$$;

create or replace function search_title(config regconfig, title text, weight "char") returns tsvector
language sql stable parallel safe as $$
    select setweight(to_tsvector(config, coalesce(title, '')), weight)
        || setweight(to_tsvector('roundup_simple', coalesce(title, '')), 'D');
$$;

create or replace function search_query(config regconfig, head text, tail text) returns tsquery
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

create or replace function search_match(head text, tail text)
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

create or replace function search_use_languages() returns trigger language plpgsql as $$
begin
    update search_languages s set used = true
    where not s.used and exists (select from changed c where c.lang = s.lang);
    return null;
end $$;
create trigger search_documents_came after insert on search_documents
    referencing new table as changed for each statement execute function search_use_languages();
create trigger search_documents_changed after update on search_documents
    referencing new table as changed for each statement execute function search_use_languages();

create or replace function count_article_month(at timestamptz, status text) returns date
language sql immutable parallel safe as $$
    select case when status = 'published' then date_trunc('month', at at time zone 'UTC')::date end;
$$;

create or replace function search_articles_came() returns trigger language plpgsql as $$
begin
    perform search_put_articles(array_agg(id)) from new_rows where status = 'published';
    insert into article_months (month, article_count)
    select count_article_month(published_at, status) as month, count(*)
    from new_rows where status = 'published' group by month order by month
    on conflict (month) do update
        set article_count = article_months.article_count + excluded.article_count;
    return null;
end $$;

create or replace function search_articles_changed() returns trigger language plpgsql as $$
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

create or replace function search_articles_went() returns trigger language plpgsql as $$
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

create or replace function search_links_came() returns trigger language plpgsql as $$
begin
    perform search_put_links(array_agg(id)) from new_rows;
    return null;
end $$;

create or replace function search_links_changed() returns trigger language plpgsql as $$
begin
    perform search_put_links(array_agg(n.id))
    from new_rows n join old_rows o using (id)
    where (n.article_id, n.title, n.credit, n.quote_html, n.section, n.domain)
        is distinct from (o.article_id, o.title, o.credit, o.quote_html, o.section, o.domain);
    return null;
end $$;

create or replace function search_links_went() returns trigger language plpgsql as $$
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

create or replace function search_comments_came() returns trigger language plpgsql as $$
begin
    perform search_put_comments(array_agg(id)) from new_rows where status = 'approved';
    return null;
end $$;

create or replace function search_comments_changed() returns trigger language plpgsql as $$
begin
    perform search_put_comments(array_agg(n.id))
    from new_rows n join old_rows o using (id)
    where (n.article_id, n.status, n.html, n.author_name)
        is distinct from (o.article_id, o.status, o.html, o.author_name);
    return null;
end $$;

create or replace function search_comments_went() returns trigger language plpgsql as $$
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

-- From 20261123000900_search_batches -----------------------------------------------------------

create or replace function search_places(ids bigint[])
returns table (id bigint, published_at timestamptz, lang text, config regconfig)
language plpgsql stable rows 100 as $$
begin
    return query
        select a.id, a.published_at, s.lang, s.config::regconfig
        from articles a join search_languages s on s.lang = search_language(a.lang)
        where a.id = any (ids) and a.status = 'published';
end $$;

create or replace function search_put_articles(ids bigint[]) returns void language plpgsql as $$
begin
    delete from search_documents d using articles a
    where d.kind = 'article' and d.id = any (ids) and a.id = d.id and a.status <> 'published';

    insert into search_documents (kind, id, article_id, published_at, lang, tsv)
    select 'article', a.id, a.id, p.published_at, p.lang,
        search_title(p.config, a.headline, 'A')
        || search_title(p.config, a.dek, 'B')
        || setweight(to_tsvector(p.config, left(coalesce(a.quote_html, ''), 100000)), 'C')
        || setweight(to_tsvector(p.config, left(coalesce(a.commentary_html, ''), 100000)), 'C')
        || setweight(to_tsvector(p.config, concat_ws(' ', a.author_name, a.links_heading)), 'D')
    from search_places(ids) p join articles a on a.id = p.id
    order by a.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

create or replace function search_put_links(ids bigint[]) returns void language plpgsql as $$
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
        || setweight(to_tsvector(p.config, left(coalesce(l.quote_html, ''), 100000)), 'C')
        || setweight(to_tsvector(p.config, concat_ws(' ', l.section, l.domain)), 'D')
    from found l join search_places(array(select distinct article_id from found)) p
        on p.id = l.article_id
    order by l.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

create or replace function search_put_comments(ids bigint[]) returns void language plpgsql as $$
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
        setweight(to_tsvector(p.config, left(c.html, 100000)), 'C')
        || setweight(to_tsvector(p.config, coalesce(c.author_name, '')), 'D')
    from found c join search_places(array(select distinct article_id from found)) p
        on p.id = c.article_id
    order by c.id
    on conflict (kind, id) do update
        set published_at = excluded.published_at, lang = excluded.lang, tsv = excluded.tsv;
end $$;

-- Changes. Every change adds rows to the table `changes`, in the transaction that makes the change, also when an
-- import by another process or psql writes. From them each instance learns which cached responses are out of
-- date, the search index what to index, and the change feed what its events are about (events.sql). A
-- transaction records an object once.

-- Records that a table was truncated.
create or replace function record_truncate() returns trigger language plpgsql as $$
begin
    insert into changes (kind) values ('all') on conflict do nothing;
    return null;
end $$;

-- Records the kind in the trigger's argument, `lists` or `site`, when the statement changed any row.
create or replace function record_changed_rows() returns trigger language plpgsql as $$
begin
    if exists (select from changed_rows) then
        insert into changes (kind) values (tg_argv[0]) on conflict do nothing;
    end if;
    return null;
end $$;

-- Records changed outlets or tags, and the kind in the trigger's argument, `lists` or `site`.
create or replace function record_changed_objects() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id)
    select rtrim(tg_table_name, 's'), id from changed_rows
    union all
    select tg_argv[0], 0 where exists (select from changed_rows)
    on conflict do nothing;
    return null;
end $$;

-- Records updated outlets or tags, and `site` when the slug or name of one changed, for every article that
-- refers to it shows them, and otherwise `lists`, where their counts appear.
create or replace function record_renamed_rows() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id)
    select rtrim(tg_table_name, 's'), id from changed_rows
    union all
    select case when exists (select from changed_rows n join old_rows o using (id)
                             where (n.slug, n.name) is distinct from (o.slug, o.name))
                then 'site' else 'lists' end, 0
    where exists (select from changed_rows)
    on conflict do nothing;
    return null;
end $$;

-- Records the outlets of changed names or hosts, and `lists`.
create or replace function record_changed_outlet_names() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id)
    select distinct 'outlet', outlet_id from changed_rows
    union all
    select 'lists', 0 where exists (select from changed_rows)
    on conflict do nothing;
    return null;
end $$;

-- Records one row: an outlet or a tag that appears or disappears because its count is no longer, or again,
-- 0; a job that ended.
create or replace function record_changed_row() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id) values (rtrim(tg_table_name, 's'), new.id) on conflict do nothing;
    return null;
end $$;

-- Records changed articles. Those that are not public are in no cache, and have a kind of their own.
create or replace function record_changed_articles() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select case when status = 'published' then 'article' else 'draft' end, id,
        case when status = 'published' then id end
    from changed_rows
    on conflict do nothing;
    return null;
end $$;

-- Records updated articles: as `article` those that are public, or were.
create or replace function record_updated_articles() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select 'article', id, id from new_rows where status = 'published'
    union
    select 'article', id, id from old_rows where status = 'published'
    union
    select 'draft', id, null from new_rows where status <> 'published'
    on conflict do nothing;
    return null;
end $$;

-- Records changed comments: as `comment` those that are visible, and as `held` those that wait for moderation,
-- which are in no cache.
create or replace function record_changed_comments() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select case when status = 'pending' and reply_count = 0 then 'held' else 'comment' end, id,
        case when status = 'pending' and reply_count = 0 then null else article_id end
    from changed_rows where status in ('approved', 'pending') or reply_count > 0
    on conflict do nothing;
    return null;
end $$;

-- Records updated comments: as `comment` those that are visible, or were, if a reader can see the difference;
-- as `held` those that wait for moderation, or did; as `report` those with a new report.
create or replace function record_updated_comments() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    with changed as (
        select n.id, n.article_id, o.article_id as former_article_id,
            n.status, o.status as former_status, n.report_count > o.report_count as reported,
            n.status = 'approved' or n.reply_count > 0 as visible,
            o.status = 'approved' or o.reply_count > 0 as was_visible,
            (n.article_id, n.parent_id, n.path, n.status, n.author_name, n.author_url, n.is_editor, n.text,
             n.html, n.created_at, n.listed_at, n.edited_at, n.uncertain, n.reply_count)
            is distinct from
            (o.article_id, o.parent_id, o.path, o.status, o.author_name, o.author_url, o.is_editor, o.text,
             o.html, o.created_at, o.listed_at, o.edited_at, o.uncertain, o.reply_count) as differs
        from new_rows n join old_rows o using (id))
    select 'comment', id, article_id from changed where differs and visible
    union
    select 'comment', id, former_article_id from changed where differs and was_visible
    union all
    select 'held', id, null from changed where differs and 'pending' in (status, former_status)
    union all
    select 'report', id, null from changed where reported
    on conflict do nothing;
    return null;
end $$;

-- Records the articles of changed rows of a table with the column `article_id`, with the kind in the
-- trigger's argument: `links`, or `article` for anything else of an article.
create or replace function record_changed_parts() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select distinct tg_argv[0], article_id, article_id from changed_rows
    on conflict do nothing;
    return null;
end $$;

-- Records the articles of changed credits. Where the link was deleted as well, its own trigger has done it.
create or replace function record_changed_credits() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select distinct 'article', l.article_id, l.article_id
    from changed_rows c join links l on l.id = c.link_id
    on conflict do nothing;
    return null;
end $$;

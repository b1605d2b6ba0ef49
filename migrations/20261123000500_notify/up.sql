-- Every change of what the public sees is told on the channel `roundup` in the transaction that
-- makes it, so that the read caches of all instances hear of it, whoever writes: the API, an
-- import by another process, a hand in psql.
--
-- A notice is one of
--   `12 15 99`  these articles, or their links, credits, tags or comments
--   `lists`     rows that stand in lists, but in no article: counts, aliases, former slugs
--   `site`      rows that any article may show: the name of an outlet, of a tag
--   `all`       more than a notice has room for
-- Each of them concerns the lists as well. PostgreSQL sends one notice only once a transaction.

-- A payload must stay below 8000 bytes: 400 ids of 16 digits fit.
create function notify_articles(ids bigint[]) returns void language sql as $$
    select pg_notify('roundup',
        case when cardinality(ids) > 400 then 'all' else array_to_string(ids, ' ') end)
    where cardinality(ids) > 0;
$$;

-- For tables whose triggers name the notice: `lists`, `site` or `all`.
create function notify_plain() returns trigger language plpgsql as $$
begin
    perform pg_notify('roundup', tg_argv[0]);
    return null;
end $$;

-- The same, for statements that may have changed no row.
create function notify_changed() returns trigger language plpgsql as $$
begin
    if exists (select from changed) then
        perform pg_notify('roundup', tg_argv[0]);
    end if;
    return null;
end $$;

-- For tables with the column `article_id`.
create function notify_parts() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(select distinct article_id from changed));
    return null;
end $$;

create function notify_credits() returns trigger language plpgsql as $$
begin
    -- Where the link is gone as well, its own notice tells.
    perform notify_articles(array(
        select distinct l.article_id from changed c join links l on l.id = c.link_id));
    return null;
end $$;

-- Drafts are nobody's business: an article counts when it is public before or after.
create function notify_published() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(select distinct id from changed where status = 'published'));
    return null;
end $$;

-- A comment that waits to be looked at shows nowhere, and empties no cache.
create function notify_comments() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(
        select distinct article_id from changed where status = 'approved' or reply_count > 0));
    return null;
end $$;

-- An outlet's name and slug stand in every article that credits it; its counts only in lists.
create function notify_outlets() returns trigger language plpgsql as $$
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

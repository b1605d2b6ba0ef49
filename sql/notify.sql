-- Change notices. Every change of public data sends a notice on the channel `roundup`, in the
-- transaction that makes the change, so the response caches of all instances learn of it,
-- also when an import by another process or psql writes.
--
-- A notice is one of
--   `12 15 99`  these articles, or their links, credits, tags or comments
--   `lists`     rows that appear in lists but in no article: counts, aliases, former slugs
--   `site`      rows that any article may show: the name of an outlet or a tag
--   `all`       more than fits into one notice
-- Each of them concerns lists as well. PostgreSQL delivers equal notices of a transaction once.

-- Sends the notice for these articles. A payload must be shorter than 8000 bytes: 400 ids of 16
-- digits fit.
create or replace function notify_articles(ids bigint[]) returns void language sql as $$
    select pg_notify('roundup',
        case when cardinality(ids) > 400 then 'all' else array_to_string(ids, ' ') end)
    where cardinality(ids) > 0;
$$;

-- Sends the notice `all`, when a table is truncated.
create or replace function notify_truncate() returns trigger language plpgsql as $$
begin
    perform pg_notify('roundup', 'all');
    return null;
end $$;

-- Sends the notice in the trigger's argument, `lists` or `site`, when the statement changed any row.
create or replace function notify_changed_rows() returns trigger language plpgsql as $$
begin
    if exists (select from changed_rows) then
        perform pg_notify('roundup', tg_argv[0]);
    end if;
    return null;
end $$;

-- Sends `site` when the slug or name of an outlet or a tag changed, for every article that refers to
-- it shows them, and otherwise `lists`, where their counts appear.
create or replace function notify_renamed_rows() returns trigger language plpgsql as $$
begin
    if exists (select from changed_rows n join old_rows o using (id)
               where (n.slug, n.name) is distinct from (o.slug, o.name)) then
        perform pg_notify('roundup', 'site');
    elsif exists (select from changed_rows) then
        perform pg_notify('roundup', 'lists');
    end if;
    return null;
end $$;

-- Sends the notice for changed articles that are public: drafts are in no cache.
create or replace function notify_changed_articles() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(select distinct id from changed_rows where status = 'published'));
    return null;
end $$;

-- Sends the notice for the articles of changed comments that are visible: comments that wait for
-- moderation are in no cache.
create or replace function notify_changed_comments() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(
        select distinct article_id from changed_rows where status = 'approved' or reply_count > 0));
    return null;
end $$;

-- Sends the notice for the articles of changed rows, of a table with the column `article_id`.
create or replace function notify_changed_parts() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(select distinct article_id from changed_rows));
    return null;
end $$;

-- Sends the notice for the articles of changed credits. Where the link was deleted as well, its own
-- trigger has sent it.
create or replace function notify_changed_credits() returns trigger language plpgsql as $$
begin
    perform notify_articles(array(
        select distinct l.article_id from changed_rows c join links l on l.id = c.link_id));
    return null;
end $$;

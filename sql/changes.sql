-- Changes. Every change of public data adds rows to the table `changes`, in the transaction that makes the
-- change, also when an import by another process or psql writes. From them each instance learns which cached
-- responses are out of date, and the search index what to index. A transaction records an object once.

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

-- Records `site` when the slug or name of an outlet or a tag changed, for every article that refers to
-- it shows them, and otherwise `lists`, where their counts appear.
create or replace function record_renamed_rows() returns trigger language plpgsql as $$
begin
    if exists (select from changed_rows n join old_rows o using (id)
               where (n.slug, n.name) is distinct from (o.slug, o.name)) then
        insert into changes (kind) values ('site') on conflict do nothing;
    elsif exists (select from changed_rows) then
        insert into changes (kind) values ('lists') on conflict do nothing;
    end if;
    return null;
end $$;

-- Records changed articles that are public: drafts are in no cache.
create or replace function record_changed_articles() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select 'article', id, id from changed_rows where status = 'published'
    on conflict do nothing;
    return null;
end $$;

-- Records updated articles that are public, or were.
create or replace function record_updated_articles() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select 'article', id, id from new_rows where status = 'published'
    union
    select 'article', id, id from old_rows where status = 'published'
    on conflict do nothing;
    return null;
end $$;

-- Records changed comments that are visible: those that wait for moderation are in no cache.
create or replace function record_changed_comments() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select 'comment', id, article_id from changed_rows where status = 'approved' or reply_count > 0
    on conflict do nothing;
    return null;
end $$;

-- Records updated comments that are visible, or were.
create or replace function record_updated_comments() returns trigger language plpgsql as $$
begin
    insert into changes (kind, object_id, article_id)
    select 'comment', id, article_id from new_rows where status = 'approved' or reply_count > 0
    union
    select 'comment', id, article_id from old_rows where status = 'approved' or reply_count > 0
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

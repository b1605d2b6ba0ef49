-- Counters. Statement triggers keep them, so they are exact for every writer: the API, an import of
-- thousands of rows, or psql.
--
-- Their functions set `roundup.counting`, so that their own updates run none of the triggers that have
-- nothing to do then: those of the counted rows have done it, or a counter does not concern them.

-- Rows are updated one after the other, in the order of their ids, so that two writers cannot deadlock. Joined with
-- the changed rows instead, a session would keep the plan of its first call, which reads all rows if that call
-- had many.

-- Outlets --------------------------------------------------------------------------------------
-- These functions update outlets.link_count, article_count, first_seen_at and last_seen_at.

create or replace function count_inserted_outlets() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select outlet_id as id, sum(link_count) as links, count(*) as articles,
                 min(published_at) as first, max(published_at) as last
             from new_rows where published_at is not null
             group by outlet_id order by outlet_id loop
        update outlets
        set link_count = link_count + d.links, article_count = article_count + d.articles,
            first_seen_at = least(first_seen_at, d.first), last_seen_at = greatest(last_seen_at, d.last)
        where id = d.id;
    end loop;
    return null;
end $$;

create or replace function count_updated_outlets() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select outlet_id as id, sum(links) as links, sum(articles) as articles
             from (select outlet_id, link_count as links, 1 as articles
                   from new_rows where published_at is not null
                   union all
                   select outlet_id, -link_count, -1 from old_rows where published_at is not null) x
             group by outlet_id order by outlet_id loop
        update outlets o
        set link_count = o.link_count + d.links, article_count = o.article_count + d.articles,
            first_seen_at = (select min(x.published_at) from article_outlets x where x.outlet_id = o.id),
            last_seen_at = (select max(x.published_at) from article_outlets x where x.outlet_id = o.id)
        where o.id = d.id;
    end loop;
    return null;
end $$;

create or replace function count_deleted_outlets() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select outlet_id as id, sum(link_count) as links, count(*) as articles
             from old_rows where published_at is not null
             group by outlet_id order by outlet_id loop
        update outlets o
        set link_count = o.link_count - d.links, article_count = o.article_count - d.articles,
            first_seen_at = (select min(x.published_at) from article_outlets x where x.outlet_id = o.id),
            last_seen_at = (select max(x.published_at) from article_outlets x where x.outlet_id = o.id)
        where o.id = d.id;
    end loop;
    return null;
end $$;

create or replace trigger article_outlets_after_insert_count after insert on article_outlets
    referencing new table as new_rows for each statement execute function count_inserted_outlets();
create or replace trigger article_outlets_after_update_count after update on article_outlets
    referencing old table as old_rows new table as new_rows
    for each statement execute function count_updated_outlets();
create or replace trigger article_outlets_after_delete_count after delete on article_outlets
    referencing old table as old_rows for each statement execute function count_deleted_outlets();

-- Tags -----------------------------------------------------------------------------------------
-- These functions update tags.article_count.

create or replace function count_inserted_tags() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select tag_id as id, count(*) as articles from new_rows where published_at is not null
             group by tag_id order by tag_id loop
        update tags set article_count = article_count + d.articles where id = d.id;
    end loop;
    return null;
end $$;

create or replace function count_updated_tags() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select tag_id as id, sum(articles) as articles
             from (select tag_id, 1 as articles from new_rows where published_at is not null
                   union all
                   select tag_id, -1 from old_rows where published_at is not null) x
             group by tag_id having sum(articles) <> 0 order by tag_id loop
        update tags set article_count = article_count + d.articles where id = d.id;
    end loop;
    return null;
end $$;

create or replace function count_deleted_tags() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select tag_id as id, count(*) as articles from old_rows where published_at is not null
             group by tag_id order by tag_id loop
        update tags set article_count = article_count - d.articles where id = d.id;
    end loop;
    return null;
end $$;

create or replace trigger article_tags_after_insert_count after insert on article_tags
    referencing new table as new_rows for each statement execute function count_inserted_tags();
create or replace trigger article_tags_after_update_count after update on article_tags
    referencing old table as old_rows new table as new_rows
    for each statement execute function count_updated_tags();
create or replace trigger article_tags_after_delete_count after delete on article_tags
    referencing old table as old_rows for each statement execute function count_deleted_tags();

-- Comments -------------------------------------------------------------------------------------

-- These functions update articles.comment_count and last_comment_at, and comments.reply_count. A comment is visible
-- when it is approved or has visible replies; it then counts as a reply of its parent. Updating a
-- parent fires these triggers again, so a change reaches every ancestor whose visibility it changes.

create or replace function count_inserted_comments() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select article_id as id, count(*) as n, max(listed_at) as at from new_rows
             where status = 'approved' group by article_id order by article_id loop
        update articles set comment_count = comment_count + d.n, last_comment_at = greatest(last_comment_at, d.at)
        where id = d.id;
    end loop;
    for d in select parent_id as id, count(*) as n from new_rows
             where parent_id is not null and (status = 'approved' or reply_count > 0)
             group by parent_id order by parent_id loop
        update comments set reply_count = reply_count + d.n where id = d.id;
    end loop;
    return null;
end $$;

create or replace function count_updated_comments() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select n.article_id as id, sum((n.status = 'approved')::integer - (o.status = 'approved')::integer) as n
             from new_rows n join old_rows o using (id)
             where (n.status = 'approved') <> (o.status = 'approved')
                or n.status = 'approved' and n.listed_at <> o.listed_at
             group by n.article_id order by n.article_id loop
        update articles a set comment_count = a.comment_count + d.n, last_comment_at = (select max(c.listed_at) from comments c
                               where c.article_id = a.id and c.status = 'approved')
        where a.id = d.id;
    end loop;
    for d in select n.parent_id as id, sum((n.status = 'approved' or n.reply_count > 0)::integer
                                        - (o.status = 'approved' or o.reply_count > 0)::integer) as n
             from new_rows n join old_rows o using (id)
             where n.parent_id is not null
               and (n.status = 'approved' or n.reply_count > 0) <> (o.status = 'approved' or o.reply_count > 0)
             group by n.parent_id order by n.parent_id loop
        update comments set reply_count = reply_count + d.n where id = d.id;
    end loop;
    return null;
end $$;

create or replace function count_deleted_comments() returns trigger language plpgsql
set roundup.counting to 'on' as $$
declare
    d record;
begin
    for d in select article_id as id, count(*) as n from old_rows
             where status = 'approved' group by article_id order by article_id loop
        update articles a set comment_count = a.comment_count - d.n, last_comment_at = (select max(c.listed_at) from comments c
                               where c.article_id = a.id and c.status = 'approved')
        where a.id = d.id;
    end loop;
    for d in select parent_id as id, count(*) as n from old_rows
             where parent_id is not null and (status = 'approved' or reply_count > 0)
             group by parent_id order by parent_id loop
        update comments set reply_count = reply_count - d.n where id = d.id;
    end loop;
    return null;
end $$;

create or replace trigger comments_after_insert_count after insert on comments
    referencing new table as new_rows for each statement execute function count_inserted_comments();
create or replace trigger comments_after_update_count after update on comments
    referencing old table as old_rows new table as new_rows
    for each statement execute function count_updated_comments();
create or replace trigger comments_after_delete_count after delete on comments
    referencing old table as old_rows for each statement execute function count_deleted_comments();

-- Articles by month ----------------------------------------------------------------------------

-- Returns the first day of the month (UTC) that contains a time.
create or replace function article_month(at timestamptz) returns date
language sql immutable parallel safe as $$
    select date_trunc('month', at at time zone 'UTC')::date;
$$;

-- Updates article_months, in a slot of the session: who publishes need not wait for another one who publishes in
-- the same month. An update writes only the months whose count it changes, and none when a
-- trigger updates the counters of an article: a comment must not wait for the row of a month.
create or replace function update_month_counters() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into article_months (month, slot, article_count)
        select article_month(published_at), pg_backend_pid() % 32, count(*) from new_rows
        where status = 'published' group by 1 order by 1
        on conflict (month, slot) do update
            set article_count = article_months.article_count + excluded.article_count;
    elsif tg_op = 'UPDATE' then
        insert into article_months (month, slot, article_count)
        select month, pg_backend_pid() % 32, sum(n) from (
            select article_month(published_at) as month, 1 as n
            from new_rows where status = 'published'
            union all
            select article_month(published_at), -1
            from old_rows where status = 'published'
        ) d group by month having sum(n) <> 0 order by month
        on conflict (month, slot) do update
            set article_count = article_months.article_count + excluded.article_count;
    else
        insert into article_months (month, slot, article_count)
        select article_month(published_at), pg_backend_pid() % 32, -count(*) from old_rows
        where status = 'published' group by 1 order by 1
        on conflict (month, slot) do update
            set article_count = article_months.article_count + excluded.article_count;
    end if;
    return null;
end $$;

create or replace trigger articles_after_insert_count after insert on articles
    referencing new table as new_rows for each statement execute function update_month_counters();
create or replace trigger articles_after_update_count after update on articles
    referencing old table as old_rows new table as new_rows
    for each statement when (current_setting('roundup.counting', true) is distinct from 'on')
    execute function update_month_counters();
create or replace trigger articles_after_delete_count after delete on articles
    referencing old table as old_rows for each statement execute function update_month_counters();

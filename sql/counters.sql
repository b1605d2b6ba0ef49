-- Counters. Statement triggers keep them, so they are exact for every writer: the API, an import of
-- thousands of rows, or psql.
--
-- Their functions set `roundup.counting`, so that their own updates run none of the triggers that have
-- nothing to do then: those of the counted rows have done it, or a counter does not concern them.

-- Outlets and tags -----------------------------------------------------------------------------
-- These triggers name their rows `changed_rows`; the argument is 1 for rows that now exist and -1 for
-- rows that no longer do. An update runs two triggers: one adds its new rows, one subtracts its old
-- rows. Counted rows are locked in the order of their ids, so two writers cannot deadlock.

-- Updates outlets.link_count, article_count, first_seen_at and last_seen_at.
create or replace function update_outlet_counters() returns trigger language plpgsql
set roundup.counting to 'on' as $$
begin
    perform from outlets
    where id in (select outlet_id from changed_rows where published_at is not null)
    order by id for no key update;

    update outlets o
    set link_count = o.link_count + d.links * tg_argv[0]::integer,
        article_count = o.article_count + d.articles * tg_argv[0]::integer,
        first_seen_at = (select min(x.published_at) from article_outlets x where x.outlet_id = o.id),
        last_seen_at = (select max(x.published_at) from article_outlets x where x.outlet_id = o.id)
    from (select outlet_id, sum(link_count) as links, count(*) as articles
          from changed_rows where published_at is not null group by outlet_id) d
    where o.id = d.outlet_id;
    return null;
end $$;

create or replace trigger article_outlets_after_insert_count after insert on article_outlets
    referencing new table as changed_rows
    for each statement execute function update_outlet_counters('1');
create or replace trigger article_outlets_after_update_count_new after update on article_outlets
    referencing new table as changed_rows
    for each statement execute function update_outlet_counters('1');
create or replace trigger article_outlets_after_update_count_old after update on article_outlets
    referencing old table as changed_rows
    for each statement execute function update_outlet_counters('-1');
create or replace trigger article_outlets_after_delete_count after delete on article_outlets
    referencing old table as changed_rows
    for each statement execute function update_outlet_counters('-1');

-- Updates tags.article_count.
create or replace function update_tag_counters() returns trigger language plpgsql
set roundup.counting to 'on' as $$
begin
    perform from tags
    where id in (select tag_id from changed_rows where published_at is not null)
    order by id for no key update;

    update tags t
    set article_count = t.article_count + d.articles * tg_argv[0]::integer
    from (select tag_id, count(*) as articles
          from changed_rows where published_at is not null group by tag_id) d
    where t.id = d.tag_id;
    return null;
end $$;

create or replace trigger article_tags_after_insert_count after insert on article_tags
    referencing new table as changed_rows
    for each statement execute function update_tag_counters('1');
create or replace trigger article_tags_after_update_count_new after update on article_tags
    referencing new table as changed_rows
    for each statement execute function update_tag_counters('1');
create or replace trigger article_tags_after_update_count_old after update on article_tags
    referencing old table as changed_rows
    for each statement execute function update_tag_counters('-1');
create or replace trigger article_tags_after_delete_count after delete on article_tags
    referencing old table as changed_rows
    for each statement execute function update_tag_counters('-1');

-- Comments -------------------------------------------------------------------------------------

-- Updates articles.comment_count and last_comment_at, and comments.reply_count. A comment is visible
-- when it is approved or has visible replies; it then counts as a reply of its parent. Updating a
-- parent fires this trigger again, so a change reaches every ancestor whose visibility it changes.
create or replace function update_comment_counters() returns trigger language plpgsql
set roundup.counting to 'on' as $$
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

create or replace trigger comments_after_insert_count after insert on comments
    referencing new table as new_rows for each statement execute function update_comment_counters();
create or replace trigger comments_after_update_count after update on comments
    referencing old table as old_rows new table as new_rows
    for each statement execute function update_comment_counters();
create or replace trigger comments_after_delete_count after delete on comments
    referencing old table as old_rows for each statement execute function update_comment_counters();

-- Articles by month ----------------------------------------------------------------------------

-- Returns the first day of the month (UTC) that contains a time.
create or replace function article_month(at timestamptz) returns date
language sql immutable parallel safe as $$
    select date_trunc('month', at at time zone 'UTC')::date;
$$;

-- Updates article_months. An update writes only the months whose count it changes, and none when a
-- trigger updates the counters of an article: a comment must not wait for the row of a month.
create or replace function update_month_counters() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into article_months (month, article_count)
        select article_month(published_at), count(*) from new_rows
        where status = 'published' group by 1 order by 1
        on conflict (month) do update
            set article_count = article_months.article_count + excluded.article_count;
    elsif tg_op = 'UPDATE' then
        insert into article_months (month, article_count)
        select month, sum(n) from (
            select article_month(published_at) as month, 1 as n
            from new_rows where status = 'published'
            union all
            select article_month(published_at), -1
            from old_rows where status = 'published'
        ) d group by month having sum(n) <> 0 order by month
        on conflict (month) do update
            set article_count = article_months.article_count + excluded.article_count;
    else
        insert into article_months (month, article_count)
        select article_month(published_at), -count(*) from old_rows
        where status = 'published' group by 1 order by 1
        on conflict (month) do update
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

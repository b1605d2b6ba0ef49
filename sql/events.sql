-- Events. One instance at a time turns `changes` into numbered events, which every feed, stream and webhook
-- reads (src/events).

-- Returns whether an outlet may be shown: a published article credits it, or it is described.
create or replace function outlet_is_public(outlet outlets) returns boolean language sql stable as $$
    select outlet.link_count > 0
        or num_nonnulls(outlet.homepage, outlet.country, outlet.lang, outlet.kind) > 0
        or exists (select from outlet_hosts h where h.outlet_id = outlet.id)
$$;

-- Appends the events of all changes that this transaction sees and the last call did not; returns their
-- number, or null while another session does it. Must run in a `repeatable read` transaction: the changes
-- and the objects are then of one moment, so that each change counts once, in whatever order transactions
-- commit. Every event is a difference between an object and its row in `event_objects`.
--
-- The first call stores the objects as they are, without events. A database that was restored from a dump
-- has another identity: its transaction ids say nothing, and all objects are compared.
create or replace function append_events() returns bigint language plpgsql as $$
declare
    log event_log;
    is_first boolean;
    compares_all boolean;
    present_server text;
    present_timeline text;
    changed_articles bigint[];
    changed_comments bigint[];
    reported_comments bigint[];
    changed_outlets bigint[];
    changed_tags bigint[];
    changed_jobs bigint[];
    changed_webhooks bigint[];
    any_change boolean;
    any_truncated boolean;
    appended bigint;
begin
    select * into log from event_log for update skip locked;
    if not found then
        return null;
    end if;
    select c.system_identifier || ':' || d.oid, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
    into present_server, present_timeline
    from pg_control_system() c, pg_database d where d.datname = current_database();
    is_first := log.done is null;
    compares_all := is_first or log.server <> present_server;
    if compares_all then
        delete from changes where xid >= pg_snapshot_xmax(pg_current_snapshot());
    end if;
    if not is_first and (compares_all or log.timeline <> present_timeline) then
        insert into event_epochs (token, after_id, started_at)
        values (left(md5(gen_random_uuid()::text), 8), log.last_id, now());
    end if;

    select array_agg(distinct object_id) filter (where kind in ('article', 'links', 'draft')),
        array_agg(distinct object_id) filter (where kind in ('comment', 'held')),
        array_agg(distinct object_id) filter (where kind = 'report'),
        array_agg(distinct object_id) filter (where kind = 'outlet'),
        array_agg(distinct object_id) filter (where kind = 'tag'),
        array_agg(distinct object_id) filter (where kind = 'job'),
        array_agg(distinct object_id) filter (where kind = 'webhook'),
        count(*) > 0, coalesce(bool_or(kind = 'all'), false)
    into changed_articles, changed_comments, reported_comments, changed_outlets, changed_tags,
        changed_jobs, changed_webhooks, any_change, any_truncated
    from changes
    where not compares_all
      and xid >= pg_snapshot_xmin(log.done::pg_snapshot)
      and xid < pg_snapshot_xmax(pg_current_snapshot())
      and not pg_visible_in_snapshot(xid, log.done::pg_snapshot);
    if not (any_change or compares_all or log.timeline <> present_timeline) then
        return 0;
    end if;
    compares_all := compares_all or any_truncated;
    if compares_all then
        changed_articles := array(
            select id from articles union select object_id from event_objects where kind = 'article');
        changed_comments := array(
            select id from comments where status in ('approved', 'pending')
            union select object_id from event_objects where kind = 'comment');
        changed_outlets := array(
            select id from outlets union select object_id from event_objects where kind = 'outlet');
        changed_tags := array(select id from tags union select object_id from event_objects where kind = 'tag');
    end if;
    -- The comments on an article appear and disappear with it.
    changed_comments := coalesce(changed_comments, '{}') || array(
        select c.id
        from unnest(changed_articles) as i (id)
        join articles a on a.id = i.id
        left join event_objects o on o.kind = 'article' and o.object_id = a.id
        join comments c on c.article_id = a.id and c.status = 'approved'
        where (a.status = 'published') is distinct from coalesce(o.is_public, false));

    with present as (
        select 'article' as kind, i.id as object_id, null::bigint as article_id, a.status,
            coalesce(a.status = 'published', false) as is_public, a.version
        from unnest(changed_articles) as i (id) left join articles a on a.id = i.id
        union all
        select 'comment', i.id, c.article_id, c.status,
            coalesce(c.status = 'approved' and a.status = 'published', false), c.version
        from (select distinct unnest(changed_comments || reported_comments)) as i (id)
        left join comments c on c.id = i.id left join articles a on a.id = c.article_id
        union all
        select 'outlet', i.id, null, case when t.id is not null then 'public' end,
            coalesce(outlet_is_public(t), false), t.version
        from unnest(changed_outlets) as i (id) left join outlets t on t.id = i.id
        union all
        select 'tag', i.id, null, case when t.id is not null then 'public' end,
            coalesce(t.article_count > 0, false), t.version
        from unnest(changed_tags) as i (id) left join tags t on t.id = i.id
        union all
        select 'job', unnest(changed_jobs), null, 'ended', false, null
        union all
        select 'webhook', w.id, null, 'disabled', false, w.version
        from webhooks w where w.id = any (changed_webhooks) and not w.enabled),
    compared as materialized (
        select p.kind, p.object_id, coalesce(p.article_id, o.article_id) as article_id, p.status, p.is_public,
            coalesce(p.version, o.version) as version, o.status as former_status,
            coalesce(o.is_public, false) as was_public,
            case when compares_all then p.version is distinct from o.version
                else p.kind <> 'comment' or p.object_id = any (changed_comments) end as differs
        from present p left join event_objects o using (kind, object_id)),
    typed as (
        select c.*, e.event, e.for_editors,
            -- What refers to others appears after them, and disappears before them.
            case when c.is_public or c.status is not null and not c.was_public
                then array_position('{outlet,tag,article,comment,job,webhook}'::text[], c.kind)
                else -array_position('{outlet,tag,article,comment,job,webhook}'::text[], c.kind) end as rank
        from compared c cross join lateral (values
            (case
                when c.is_public and not c.was_public then 'published'
                when c.is_public and c.differs then 'updated'
                when c.was_public and not c.is_public and c.status is null and c.kind <> 'comment' then 'deleted'
                when c.was_public and not c.is_public then 'withdrawn'
            end, false),
            (case
                when c.kind = 'job' then 'finished'
                when c.kind = 'webhook' then 'disabled'
                when c.is_public or c.kind not in ('article', 'comment') then null
                when c.kind = 'article' and c.status is null then case when not c.was_public then 'deleted' end
                when c.kind = 'article' and c.former_status is distinct from c.status then case
                    when c.status = 'scheduled' then 'scheduled'
                    when c.former_status is null then 'created'
                    when c.status = 'draft' then 'drafted'
                    when not c.was_public then 'updated' end
                when c.kind = 'comment' and c.status = 'pending' and c.former_status is distinct from 'pending' then 'held'
                when c.kind = 'comment' and c.former_status = 'pending' and c.status is distinct from 'pending'
                    then 'rejected'
                when c.differs and c.status = c.former_status and (c.kind = 'article' or c.status = 'pending')
                    then 'updated'
            end, true),
            (case when c.kind = 'comment' and c.object_id = any (reported_comments) then 'reported' end, true)
        ) as e (event, for_editors)
        where e.event is not null and not is_first),
    numbered as (
        select log.last_id + row_number() over (order by rank, object_id, for_editors) as id,
            kind || '.' || event as kind, kind as object_kind, object_id, article_id, version, for_editors
        from typed),
    added as (
        insert into events (id, kind, object_kind, object_id, article_id, version, at, for_editors)
        select id, kind, object_kind, object_id, article_id, version, now(), for_editors from numbered),
    queued as (
        insert into webhook_deliveries (webhook_id, message_id, event_id, kind, object_kind, object_id,
            article_id, version, at, for_editors, next_at, created_at)
        select w.id, 'evt_' || (select token from event_epochs order by number desc limit 1) || '_' || n.id, n.id,
            n.kind, n.object_kind, n.object_id, n.article_id, n.version, now(), n.for_editors, 'epoch', now()
        from numbered n join webhooks w on w.enabled
            and case when w.types = '{}' then not n.for_editors else n.kind = any (w.types) end
        order by n.id),
    kept as (
        insert into event_objects (kind, object_id, article_id, status, is_public, version)
        select kind, object_id, article_id, status, is_public, version from compared
        where is_public or kind = 'article' and status is not null or kind = 'comment' and status = 'pending'
        on conflict (kind, object_id) do update
        set article_id = excluded.article_id, status = excluded.status, is_public = excluded.is_public,
            version = excluded.version),
    dropped as (
        delete from event_objects o using compared c
        where o.kind = c.kind and o.object_id = c.object_id
          and not (c.is_public or c.kind = 'article' and c.status is not null
                   or c.kind = 'comment' and coalesce(c.status, '') = 'pending'))
    select count(*) into appended from numbered;

    update event_log
    set done = pg_current_snapshot()::text, server = present_server, timeline = present_timeline,
        last_id = log.last_id + appended;
    return appended;
end $$;

-- Derived columns: copies of articles.published_at beside the keys that lists are sorted by, and the
-- outlets that each article credits.

-- Updates what is derived from these articles. Every writer calls it once, at the end of its
-- transaction, for all articles that it changed. Tags are locked before outlets, each in the order of
-- their ids, so two writers cannot deadlock.
--
-- Its plans are generic: PostgreSQL would plan each statement for each call, which takes longer than to run it.
create or replace function refresh_articles(ids bigint[]) returns void language plpgsql
set plan_cache_mode to force_generic_plan as $$
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

    -- Two statements may follow that update counters, so the outlets are locked before.
    if exists (select from article_outlets where article_id = any (ids)) then
        perform from outlets
        where id in (
            select outlet_id
            from (select article_id, outlet_id, link_count, published_at
                  from article_outlets where article_id = any (ids)) old
            full join (select l.article_id, c.outlet_id, count(distinct l.id)::integer as link_count,
                              min(l.published_at) as published_at
                       from links l join link_credits c on c.link_id = l.id
                       where l.article_id = any (ids) and c.outlet_id is not null
                       group by l.article_id, c.outlet_id) new using (article_id, outlet_id)
            where (old.link_count, old.published_at) is distinct from (new.link_count, new.published_at))
        order by id for no key update;
    end if;

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

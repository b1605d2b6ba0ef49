-- Recomputes every counter and copy; each row says how many are wrong.
select 'articles.comment_count', count(*) from articles a
where comment_count <> (select count(*) from comments c where c.article_id = a.id and c.status = 'approved')
union all
select 'articles.last_comment_at', count(*) from articles a
where last_comment_at is distinct from
    (select max(listed_at) from comments c where c.article_id = a.id and c.status = 'approved')
union all
select 'articles.outlet_count', count(*) from articles a
where outlet_count <> (select count(distinct c.outlet_id) from links l join link_credits c on c.link_id = l.id
                       where l.article_id = a.id and c.outlet_id is not null)
union all
select 'comments.reply_count', count(*) from comments p
where reply_count <> (select count(*) from comments c
                      where c.parent_id = p.id and (c.status = 'approved' or c.reply_count > 0))
union all
select 'article_outlets', count(*) from
    (select l.article_id, c.outlet_id, count(distinct l.id) as n
     from links l join link_credits c on c.link_id = l.id where c.outlet_id is not null group by 1, 2) t
    full join article_outlets o using (article_id, outlet_id)
where t.n is distinct from o.link_count
union all
select 'outlets', count(*) from outlets o
where row(link_count, article_count, first_seen_at, last_seen_at) is distinct from
    (select row(coalesce(sum(x.link_count), 0)::bigint, count(*), min(a.published_at), max(a.published_at))
     from article_outlets x join articles a on a.id = x.article_id
     where x.outlet_id = o.id and a.status = 'published')
union all
select 'tags.article_count', count(*) from tags t
where article_count <> (select count(*) from article_tags x join articles a on a.id = x.article_id
                        where x.tag_id = t.id and a.status = 'published')
union all
select 'article_months', count(*) from
    (select date_trunc('month', published_at at time zone 'UTC')::date as month, count(*) as n
     from articles where status = 'published' group by 1) t
    full join (select month, sum(article_count) as article_count from article_months
          group by month having sum(article_count) <> 0) m using (month)
where t.n is distinct from m.article_count
union all
select 'links.published_at', count(*) from links l join articles a on a.id = l.article_id
where l.published_at is distinct from case when a.status = 'published' then a.published_at end
union all
select 'link_credits.published_at', count(*) from link_credits c join links l on l.id = c.link_id
where c.published_at is distinct from l.published_at
union all
select 'article_tags.published_at', count(*) from article_tags t join articles a on a.id = t.article_id
where t.published_at is distinct from case when a.status = 'published' then a.published_at end
union all
select 'search_documents', count(*) from
    (select 'article' as kind, id from articles where status = 'published'
     union all select 'link', l.id from links l join articles a on a.id = l.article_id where a.status = 'published'
     union all select 'comment', c.id from comments c join articles a on a.id = c.article_id
     where a.status = 'published' and c.status = 'approved') t
    full join search_documents d using (kind, id)
where t.id is null or d.article_id is null

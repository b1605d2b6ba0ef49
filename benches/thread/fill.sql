-- Creates a thread of 100,000 comments, up to 64 levels deep, in a table like the service's.
set client_min_messages = warning;
drop schema if exists thread_bench cascade;
create schema thread_bench;
set search_path = thread_bench;
create table comments (
    id bigint primary key,
    article_id bigint not null,
    parent_id bigint,
    root_id bigint not null,
    depth smallint not null,
    path bytea not null,
    status text not null,
    author_name text,
    text text not null,
    html text not null,
    created_at timestamptz not null,
    reply_count integer not null default 0
);

-- Each comment replies to a recent one or starts a thread.
do $$
declare
    paths bytea[] := array[]::bytea[];
    parent bigint;
    path bytea;
begin
    perform setseed(0.5);
    create temporary table tree (id bigint, parent_id bigint, path bytea);
    for block in 0..99 loop
        paths := array[]::bytea[];
        for n in 1..1000 loop
            parent := case when n = 1 or random() < 0.05 then null
                           else greatest(1, n - 1 - floor(random() * random() * 60)::bigint) end;
            if parent is not null and length(paths[parent]) >= 64 * 8 then
                parent := null;
            end if;
            path := coalesce(paths[parent], ''::bytea) || int8send(block * 1000 + n);
            paths := paths || path;
            insert into tree values (block * 1000 + n, block * 1000 + parent, path);
        end loop;
    end loop;
end $$;

insert into comments
select id, 1, parent_id, ('x' || encode(substr(path, 1, 8), 'hex'))::bit(64)::bigint,
       length(path) / 8 - 1, path, 'approved', 'Reader ' || id % 500,
       repeat('Words of comment ' || id || '. ', 8), '<p>' || repeat('Words of comment ' || id || '. ', 8) || '</p>',
       '2026-01-01Z'::timestamptz + id * interval '1 second'
from tree order by id;
update comments p set reply_count = n
from (select parent_id, count(*) as n from comments group by parent_id) c where c.parent_id = p.id;
create unique index comments_thread_idx on comments (article_id, path)
    where status = 'approved' or reply_count > 0;
create index comments_parent_id_idx on comments (parent_id);
vacuum full analyze comments;

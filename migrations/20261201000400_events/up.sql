-- The change feed. `changes` also records what only editors see, and one instance at a time turns it into
-- events, numbered in the order in which they became visible: every feed, stream and webhook reads those.

alter table changes
    drop constraint changes_kind_check,
    drop constraint changes_article_id_check,
    add constraint changes_kind_check check (kind in (
        'article', 'links', 'comment', 'lists', 'site', 'all',
        'draft', 'held', 'report', 'outlet', 'tag', 'job', 'webhook')),
    add constraint changes_article_id_check
        check ((article_id is not null) = (kind in ('article', 'links', 'comment')));
comment on column changes.kind is
    'article: it, its credits or tags; links: its links; comment; lists: rows that appear in lists only; '
    'site: rows that any article may show; all: a table was emptied; the other kinds only make events.';
comment on column changes.object_id is 'The object of that kind; 0 for lists, site and all.';

create table events (
    id bigint primary key,
    kind text not null,
    object_kind text not null,
    object_id bigint not null,
    article_id bigint,
    version integer,
    at timestamptz not null,
    for_editors boolean not null
);
comment on table events is 'What changed, in the order in which it became visible.';
comment on column events.id is 'Counts from 1 without gaps; later, only the last of each kind of an object stays.';
comment on column events.article_id is 'The article of a comment.';
comment on column events.for_editors is 'The public feed leaves it out.';
create index events_object_idx on events (object_kind, object_id, kind, id);
create index events_at_idx on events (at);

create table event_objects (
    kind text not null,
    object_id bigint not null,
    article_id bigint,
    status text not null,
    is_public boolean not null,
    version integer not null,
    primary key (kind, object_id)
);
comment on table event_objects is 'Each object as the last event shows it. Comments that are neither public nor held are left out.';

create table event_log (
    one boolean primary key default true,
    done text,
    server text,
    timeline text,
    last_id bigint not null default 0,
    expired_id bigint not null default 0,
    constraint event_log_one_check check (one)
);
comment on table event_log is 'How far the changes are events.';
comment on column event_log.done is 'A snapshot (pg_current_snapshot): the changes that it sees are events. Null before the first.';
comment on column event_log.server is 'The database that it belongs to: in a copy or a restored dump, transaction ids start over.';
comment on column event_log.timeline is 'The timeline of that server: a promoted standby may lack the last events.';
comment on column event_log.expired_id is 'Events up to this one have been deleted because of their age.';
insert into event_log default values;

create table event_epochs (
    number bigint generated always as identity primary key,
    token text not null unique,
    after_id bigint not null,
    started_at timestamptz not null
);
comment on table event_epochs is 'The histories of events: a new one begins when the database was restored or has failed over.';
comment on column event_epochs.token is 'What cursors begin with.';
comment on column event_epochs.after_id is 'The last event that it has in common with the epoch before.';
insert into event_epochs (token, after_id, started_at) values (left(md5(gen_random_uuid()::text), 8), 0, now());

-- What changed in public. Every write adds its rows in its own transaction, and each instance reads them to know
-- which cached responses are out of date. The search documents follow them, too: a write does not wait for them.

create table changes (
    xid xid8 not null default pg_current_xact_id(),
    kind text not null,
    object_id bigint not null default 0,
    article_id bigint,
    at timestamptz not null default clock_timestamp(),
    constraint changes_pkey primary key (xid, kind, object_id),
    constraint changes_kind_check check (kind in ('article', 'links', 'comment', 'lists', 'site', 'all')),
    constraint changes_article_id_check check ((article_id is null) = (kind in ('lists', 'site', 'all')))
);
comment on table changes is 'What each transaction changed in public; rows are deleted after an hour.';
comment on column changes.xid is
    'The transaction. Ids are assigned before the commit, so a reader compares snapshots, not numbers.';
comment on column changes.kind is
    'article: it, its credits or tags; links: its links; comment; lists: rows that appear in lists only; '
    'site: rows that any article may show; all: a table was emptied.';
comment on column changes.object_id is 'The comment, or the article; otherwise 0.';

create table search_progress (
    one boolean primary key default true,
    done text not null default '3:3:',
    target text,
    xid xid8 not null default '0',
    kind text not null default '',
    object_id bigint not null default 0,
    constraint search_progress_one_check check (one)
);
comment on table search_progress is 'Which rows of changes are in search_documents.';
comment on column search_progress.done is 'A snapshot (pg_current_snapshot): the rows that it sees are indexed.';
comment on column search_progress.target is
    'The snapshot up to which rows are being indexed; they are up to (xid, kind, object_id).';
insert into search_progress default values;

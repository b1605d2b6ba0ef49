-- What changed in public: every write adds its rows in its own transaction, and each instance reads them
-- to know which cached responses are out of date.

create table changes (
    xid xid8 not null default pg_current_xact_id(),
    kind text not null,
    object_id bigint not null default 0,
    at timestamptz not null default clock_timestamp(),
    constraint changes_pkey primary key (xid, kind, object_id),
    constraint changes_kind_check check (kind in ('article', 'lists', 'site', 'all'))
);
comment on table changes is 'What each transaction changed in public; rows are deleted after an hour.';
comment on column changes.xid is
    'The transaction. Ids are assigned before the commit, so a reader compares snapshots, not numbers.';
comment on column changes.kind is
    'article: it, its links, credits, tags or comments; lists: rows that appear in lists only; '
    'site: rows that any article may show; all: a table was emptied.';
comment on column changes.object_id is 'The article; otherwise 0.';

-- What is shown of an import that was sent over HTTP, and how it is told that the process which did
-- it is gone.

alter table jobs
    add column name text not null default '',
    add column progress_records bigint not null default 0,
    add column instance integer,
    add column message text,
    drop constraint jobs_state_check,
    add constraint jobs_state_check
        check (state in ('queued', 'running', 'done', 'failed', 'interrupted'));
comment on column jobs.instance is 'Whose it is: while that process lives it holds an advisory lock of this number.';

create index jobs_created_at_idx on jobs (created_at, id);

drop index jobs_created_at_idx;
update jobs set state = 'failed' where state = 'interrupted';
alter table jobs
    drop constraint jobs_state_check,
    add constraint jobs_state_check check (state in ('queued', 'running', 'done', 'failed')),
    drop column message,
    drop column instance,
    drop column progress_records,
    drop column name;

drop table search_progress;
drop table changes;

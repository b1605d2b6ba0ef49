-- What editors change needs a version, so that nobody overwrites what another wrote meanwhile.

alter table outlets add column version integer not null default 1;
comment on column outlets.version is 'Counts edits; counters do not touch it.';

alter table tags add column version integer not null default 1;
comment on column tags.version is 'Counts edits; counters do not touch it.';

drop table event_epochs;
drop table event_log;
drop table event_objects;
drop table events;
delete from changes where kind in ('draft', 'held', 'report', 'outlet', 'tag', 'job', 'webhook');
alter table changes
    drop constraint changes_kind_check,
    drop constraint changes_article_id_check,
    add constraint changes_kind_check check (kind in ('article', 'links', 'comment', 'lists', 'site', 'all')),
    add constraint changes_article_id_check check ((article_id is null) = (kind in ('lists', 'site', 'all')));
comment on column changes.kind is
    'article: it, its credits or tags; links: its links; comment; lists: rows that appear in lists only; '
    'site: rows that any article may show; all: a table was emptied.';
comment on column changes.object_id is 'The comment, or the article; otherwise 0.';

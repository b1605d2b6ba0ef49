-- Why a scheduled article could not be published.

alter table articles add column publish_error text;
comment on column articles.publish_error is
    'Why the last attempt to publish it on schedule failed; null after a success or an edit.';

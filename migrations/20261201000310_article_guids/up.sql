-- The ids of imported articles in the feeds of the site that they come from: readers' feed programs know them by
-- these, and would show articles under other ids as new.

alter table articles add column guid text;
comment on column articles.guid is 'The id in the feeds of the site that it was imported from; null for the id of this site.';

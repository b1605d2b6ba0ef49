-- The names by which tags are known. Tags of different names can have the same slug, so a slug does not tell
-- them apart. A tag without a row here gets one when an article names it.

create table tag_names (
    name_key text constraint tag_names_pkey primary key,
    tag_id bigint not null constraint tag_names_tag_id_fkey references tags on delete cascade
);
comment on table tag_names is 'The current and former names of tags, also of tags merged into this one.';
comment on column tag_names.name_key is 'The name as names are compared: without case, accents and punctuation.';
create index tag_names_tag_id_idx on tag_names (tag_id);

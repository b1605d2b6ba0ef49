-- A tag is found by its name, also one that no public article has.

create index tags_name_key_idx on tags (name);

drop table tag_names;

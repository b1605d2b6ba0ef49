drop index tags_name_key_idx;

-- The triggers that record the changes of changes.sql, by table.
--
-- Where a row tells which article it belongs to, an update records both its old rows and its new rows: it
-- may unpublish an article or move a link. Updates of counters (counters.sql) are not recorded: the rows
-- that are counted are, and the outlets and tags that thereby appear or disappear.

create or replace trigger articles_after_insert_record after insert on articles
    referencing new table as changed_rows
    for each statement execute function record_changed_articles();
create or replace trigger articles_after_update_record after update on articles
    referencing old table as old_rows new table as new_rows
    for each statement when (current_setting('roundup.counting', true) is distinct from 'on')
    execute function record_updated_articles();
create or replace trigger articles_after_delete_record after delete on articles
    referencing old table as changed_rows
    for each statement execute function record_changed_articles();
create or replace trigger articles_after_truncate_record after truncate on articles
    for each statement execute function record_truncate();

create or replace trigger links_after_insert_record after insert on links
    referencing new table as changed_rows
    for each statement execute function record_changed_parts('links');
create or replace trigger links_after_update_record_new after update on links
    referencing new table as changed_rows
    for each statement execute function record_changed_parts('links');
create or replace trigger links_after_update_record_old after update on links
    referencing old table as changed_rows
    for each statement execute function record_changed_parts('links');
create or replace trigger links_after_delete_record after delete on links
    referencing old table as changed_rows
    for each statement execute function record_changed_parts('links');
create or replace trigger links_after_truncate_record after truncate on links
    for each statement execute function record_truncate();

create or replace trigger link_credits_after_insert_record after insert on link_credits
    referencing new table as changed_rows
    for each statement execute function record_changed_credits();
create or replace trigger link_credits_after_update_record_new after update on link_credits
    referencing new table as changed_rows
    for each statement execute function record_changed_credits();
create or replace trigger link_credits_after_update_record_old after update on link_credits
    referencing old table as changed_rows
    for each statement execute function record_changed_credits();
create or replace trigger link_credits_after_delete_record after delete on link_credits
    referencing old table as changed_rows
    for each statement execute function record_changed_credits();
create or replace trigger link_credits_after_truncate_record after truncate on link_credits
    for each statement execute function record_truncate();

create or replace trigger article_tags_after_insert_record after insert on article_tags
    referencing new table as changed_rows
    for each statement execute function record_changed_parts('article');
create or replace trigger article_tags_after_update_record_new after update on article_tags
    referencing new table as changed_rows
    for each statement execute function record_changed_parts('article');
create or replace trigger article_tags_after_update_record_old after update on article_tags
    referencing old table as changed_rows
    for each statement execute function record_changed_parts('article');
create or replace trigger article_tags_after_delete_record after delete on article_tags
    referencing old table as changed_rows
    for each statement execute function record_changed_parts('article');
create or replace trigger article_tags_after_truncate_record after truncate on article_tags
    for each statement execute function record_truncate();

create or replace trigger comments_after_insert_record after insert on comments
    referencing new table as changed_rows
    for each statement execute function record_changed_comments();
create or replace trigger comments_after_update_record after update on comments
    referencing old table as old_rows new table as new_rows
    for each statement when (current_setting('roundup.counting', true) is distinct from 'on')
    execute function record_updated_comments();
create or replace trigger comments_after_delete_record after delete on comments
    referencing old table as changed_rows
    for each statement execute function record_changed_comments();
create or replace trigger comments_after_truncate_record after truncate on comments
    for each statement execute function record_truncate();

-- Tables whose rows appear in lists, or in every article.
create or replace trigger article_slugs_after_insert_record after insert on article_slugs
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger article_slugs_after_update_record after update on article_slugs
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger article_slugs_after_delete_record after delete on article_slugs
    referencing old table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger article_slugs_after_truncate_record after truncate on article_slugs
    for each statement execute function record_truncate();

create or replace trigger article_paths_after_insert_record after insert on article_paths
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger article_paths_after_update_record after update on article_paths
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger article_paths_after_delete_record after delete on article_paths
    referencing old table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger article_paths_after_truncate_record after truncate on article_paths
    for each statement execute function record_truncate();

create or replace trigger purged_articles_after_insert_record after insert on purged_articles
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger purged_articles_after_update_record after update on purged_articles
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger purged_articles_after_delete_record after delete on purged_articles
    referencing old table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger purged_articles_after_truncate_record after truncate on purged_articles
    for each statement execute function record_truncate();

create or replace trigger outlet_aliases_after_insert_record after insert on outlet_aliases
    referencing new table as changed_rows
    for each statement execute function record_changed_outlet_names();
create or replace trigger outlet_aliases_after_update_record after update on outlet_aliases
    referencing new table as changed_rows
    for each statement execute function record_changed_outlet_names();
create or replace trigger outlet_aliases_after_delete_record after delete on outlet_aliases
    referencing old table as changed_rows
    for each statement execute function record_changed_outlet_names();
create or replace trigger outlet_aliases_after_truncate_record after truncate on outlet_aliases
    for each statement execute function record_truncate();

create or replace trigger outlet_hosts_after_insert_record after insert on outlet_hosts
    referencing new table as changed_rows
    for each statement execute function record_changed_outlet_names();
create or replace trigger outlet_hosts_after_update_record after update on outlet_hosts
    referencing new table as changed_rows
    for each statement execute function record_changed_outlet_names();
create or replace trigger outlet_hosts_after_delete_record after delete on outlet_hosts
    referencing old table as changed_rows
    for each statement execute function record_changed_outlet_names();
create or replace trigger outlet_hosts_after_truncate_record after truncate on outlet_hosts
    for each statement execute function record_truncate();

create or replace trigger outlet_slugs_after_insert_record after insert on outlet_slugs
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger outlet_slugs_after_update_record after update on outlet_slugs
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger outlet_slugs_after_delete_record after delete on outlet_slugs
    referencing old table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger outlet_slugs_after_truncate_record after truncate on outlet_slugs
    for each statement execute function record_truncate();

create or replace trigger tag_slugs_after_insert_record after insert on tag_slugs
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger tag_slugs_after_update_record after update on tag_slugs
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger tag_slugs_after_delete_record after delete on tag_slugs
    referencing old table as changed_rows
    for each statement execute function record_changed_rows('lists');
create or replace trigger tag_slugs_after_truncate_record after truncate on tag_slugs
    for each statement execute function record_truncate();

create or replace trigger site_after_insert_record after insert on site
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('site');
create or replace trigger site_after_update_record after update on site
    referencing new table as changed_rows
    for each statement execute function record_changed_rows('site');
create or replace trigger site_after_delete_record after delete on site
    referencing old table as changed_rows
    for each statement execute function record_changed_rows('site');
create or replace trigger site_after_truncate_record after truncate on site
    for each statement execute function record_truncate();

create or replace trigger outlets_after_insert_record after insert on outlets
    referencing new table as changed_rows
    for each statement execute function record_changed_objects('lists');
create or replace trigger outlets_after_update_record after update on outlets
    referencing old table as old_rows new table as changed_rows
    for each statement when (current_setting('roundup.counting', true) is distinct from 'on')
    execute function record_renamed_rows();
create or replace trigger outlets_after_update_record_count after update on outlets
    for each row when ((old.link_count > 0) is distinct from (new.link_count > 0))
    execute function record_changed_row();
create or replace trigger outlets_after_delete_record after delete on outlets
    referencing old table as changed_rows
    for each statement execute function record_changed_objects('site');
create or replace trigger outlets_after_truncate_record after truncate on outlets
    for each statement execute function record_truncate();

create or replace trigger tags_after_insert_record after insert on tags
    referencing new table as changed_rows
    for each statement execute function record_changed_objects('lists');
create or replace trigger tags_after_update_record after update on tags
    referencing old table as old_rows new table as changed_rows
    for each statement when (current_setting('roundup.counting', true) is distinct from 'on')
    execute function record_renamed_rows();
create or replace trigger tags_after_update_record_count after update on tags
    for each row when ((old.article_count > 0) is distinct from (new.article_count > 0))
    execute function record_changed_row();
create or replace trigger tags_after_delete_record after delete on tags
    referencing old table as changed_rows
    for each statement execute function record_changed_objects('site');
create or replace trigger tags_after_truncate_record after truncate on tags
    for each statement execute function record_truncate();

-- Jobs only make events.
create or replace trigger jobs_after_update_record after update on jobs
    for each row when (new.state is distinct from old.state and new.state in ('done', 'failed', 'interrupted'))
    execute function record_changed_row();

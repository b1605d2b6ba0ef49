-- The state of sql/: which functions and triggers this program created, and from which text.
--
-- It lists all that the migrations before this one created, each with an empty hash. The program then
-- compares the list with sql/, and replaces the triggers of each table in one transaction. A migration
-- that dropped them would leave the database without triggers until then, and what the release before
-- writes meanwhile would not be counted.

create table replaceable_sql (
    kind text not null,
    table_name text not null default '',
    name text not null,
    hash bytea not null default '',
    revision integer not null default 0,
    primary key (kind, table_name, name),
    constraint replaceable_sql_kind_check check (kind in ('function', 'trigger'))
);
comment on table replaceable_sql is 'The functions and triggers that were created from sql/.';
comment on column replaceable_sql.table_name is 'The table of a trigger; empty for a function.';
comment on column replaceable_sql.hash is 'SHA-256 of the statement that created it.';
comment on column replaceable_sql.revision is 'The revision of sql/ that was applied last, the same in all rows.';

insert into replaceable_sql (kind, name) select 'function', unnest(array[
    'refresh_articles', 'count_outlets', 'count_tags', 'count_comments', 'notify_articles',
    'notify_plain', 'notify_changed', 'notify_parts', 'notify_credits', 'notify_published',
    'notify_comments', 'notify_outlets', 'search_language', 'search_title', 'search_query',
    'search_match', 'search_places', 'search_put_articles', 'search_put_links',
    'search_put_comments', 'search_use_languages', 'count_article_month', 'search_articles_came',
    'search_articles_changed', 'search_articles_went', 'search_links_came', 'search_links_changed',
    'search_links_went', 'search_comments_came', 'search_comments_changed', 'search_comments_went'
]);

insert into replaceable_sql (kind, table_name, name)
select 'trigger', table_name, unnest(names) from (values
    ('article_outlets', array['article_outlets_came', 'article_outlets_was',
        'article_outlets_will', 'article_outlets_went']),
    ('article_tags', array['article_tags_came', 'article_tags_was', 'article_tags_will',
        'article_tags_went', 'article_tags_tell_new', 'article_tags_tell_was',
        'article_tags_tell_now', 'article_tags_tell_gone', 'article_tags_tell_empty']),
    ('comments', array['comments_came', 'comments_changed', 'comments_went', 'comments_tell_new',
        'comments_tell_was', 'comments_tell_now', 'comments_tell_gone', 'comments_tell_empty',
        'search_comments_came', 'search_comments_changed', 'search_comments_went']),
    ('articles', array['articles_tell_new', 'articles_tell_was', 'articles_tell_now',
        'articles_tell_gone', 'articles_tell_empty', 'search_articles_came',
        'search_articles_changed', 'search_articles_went']),
    ('links', array['links_tell_new', 'links_tell_was', 'links_tell_now', 'links_tell_gone',
        'links_tell_empty', 'search_links_came', 'search_links_changed', 'search_links_went']),
    ('link_credits', array['link_credits_tell_new', 'link_credits_tell_was',
        'link_credits_tell_now', 'link_credits_tell_gone', 'link_credits_tell_empty']),
    ('article_slugs', array['article_slugs_tell_new', 'article_slugs_tell_was',
        'article_slugs_tell_now', 'article_slugs_tell_gone', 'article_slugs_tell_empty']),
    ('article_paths', array['article_paths_tell_new', 'article_paths_tell_was',
        'article_paths_tell_now', 'article_paths_tell_gone', 'article_paths_tell_empty']),
    ('purged_articles', array['purged_articles_tell_new', 'purged_articles_tell_was',
        'purged_articles_tell_now', 'purged_articles_tell_gone', 'purged_articles_tell_empty']),
    ('outlet_aliases', array['outlet_aliases_tell_new', 'outlet_aliases_tell_was',
        'outlet_aliases_tell_now', 'outlet_aliases_tell_gone', 'outlet_aliases_tell_empty']),
    ('outlet_hosts', array['outlet_hosts_tell_new', 'outlet_hosts_tell_was',
        'outlet_hosts_tell_now', 'outlet_hosts_tell_gone', 'outlet_hosts_tell_empty']),
    ('outlet_slugs', array['outlet_slugs_tell_new', 'outlet_slugs_tell_was',
        'outlet_slugs_tell_now', 'outlet_slugs_tell_gone', 'outlet_slugs_tell_empty']),
    ('tag_slugs', array['tag_slugs_tell_new', 'tag_slugs_tell_was', 'tag_slugs_tell_now',
        'tag_slugs_tell_gone', 'tag_slugs_tell_empty']),
    ('site', array['site_tell_new', 'site_tell_was', 'site_tell_now', 'site_tell_gone',
        'site_tell_empty']),
    ('outlets', array['outlets_tell_new', 'outlets_tell_now', 'outlets_tell_gone',
        'outlets_tell_empty']),
    ('tags', array['tags_tell_new', 'tags_tell_now', 'tags_tell_gone', 'tags_tell_empty']),
    ('search_documents', array['search_documents_came', 'search_documents_changed'])
) as made (table_name, names);

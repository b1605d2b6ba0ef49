-- The site's id stays: feeds know it.
drop index article_outlets_published_at_idx;
drop trigger search_comments_came on comments;
drop trigger search_comments_changed on comments;
drop trigger search_comments_went on comments;
drop trigger search_links_came on links;
drop trigger search_links_changed on links;
drop trigger search_links_went on links;
drop trigger search_articles_came on articles;
drop trigger search_articles_changed on articles;
drop trigger search_articles_went on articles;
drop function search_comments_came, search_comments_changed, search_comments_went,
    search_links_came, search_links_changed, search_links_went,
    search_articles_came, search_articles_changed, search_articles_went;
drop function search_put_articles, search_put_links, search_put_comments;
drop table article_months;
drop function count_article_month;
drop function search_match, search_query, search_title, search_language;
drop table search_documents;
drop function search_use_languages;
do $$
declare
    config text;
begin
    for config in select distinct l.config from search_languages l order by l.config loop
        execute format('drop text search configuration %I', config);
    end loop;
end $$;
drop table search_languages;
-- Others may have come to use it: then it stays.
do $$
begin
    drop extension if exists unaccent;
exception when dependent_objects_still_exist or insufficient_privilege then
    raise notice 'the extension unaccent stays: %', sqlerrm;
end $$;

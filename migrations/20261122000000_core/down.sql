drop table jobs, audit, idempotency_keys, keys, comments, article_tags, tag_slugs, tags,
    article_outlets, link_credits, links, purged_articles, article_revisions, article_paths,
    article_slugs, articles, outlet_slugs, outlet_hosts, outlet_aliases, outlets, site;
drop function count_comments();
drop function count_tags();
drop function count_outlets();
drop function refresh_articles(bigint[]);

-- The statements of the front page, as the service sends them, in the same transaction, for
-- pgbench -M prepared.
-- `ids` is the array of the article ids that the first statement returns.
\set rows 21
\startpipeline
begin isolation level repeatable read, read only;
SELECT "articles"."published_at", "articles"."id" FROM "articles" WHERE articles.status = 'published' ORDER BY "articles"."published_at" DESC, "articles"."id" DESC LIMIT :rows;
\endpipeline
\startpipeline
SELECT "articles"."id", "articles"."slug", "articles"."headline", "articles"."dek", "articles"."lang", "articles"."published_at", "articles"."published_at_uncertain", "articles"."updated_at", "articles"."links_heading", "articles"."author_name", "articles"."author_url", "articles"."outlet_count", "articles"."comment_count", "articles"."last_comment_at", "articles"."comments_open", "articles"."corrections" FROM "articles" WHERE (("articles"."id" = ANY(:ids)) AND articles.status = 'published');
SELECT "links"."id", "links"."article_id", "links"."role", "links"."position", "links"."title", "links"."url", "links"."domain", "links"."credit", "links"."section", "links"."quote_text", "links"."quote_html", "links"."uncertain", "link_credits"."bylines", "outlets"."id", "outlets"."slug", "outlets"."name" FROM ("links" LEFT OUTER JOIN ("link_credits" LEFT OUTER JOIN "outlets" ON ("link_credits"."outlet_id" = "outlets"."id")) ON ("link_credits"."link_id" = "links"."id")) WHERE (("links"."article_id" = ANY(:ids)) AND links.role = 'lead') ORDER BY "links"."article_id", "links"."position", "link_credits"."position";
SELECT "article_tags"."article_id", "tags"."slug", "tags"."name" FROM ("article_tags" INNER JOIN "tags" ON ("article_tags"."tag_id" = "tags"."id")) WHERE ("article_tags"."article_id" = ANY(:ids)) ORDER BY "article_tags"."article_id", "article_tags"."position";
\endpipeline
commit;

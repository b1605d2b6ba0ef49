-- The statements of the article page with its comments, as the service sends them, for
-- pgbench -M prepared. benches/load/run checks that they are the same.
-- `highest` is the highest article id. `skew` sets how much more often low ids are requested; the
-- distribution is that of benches/load/filled.py.
\set stretch pow(:highest + 1, 1.0 / :skew) - 1
\set id least(:highest, greatest(1, int(pow(1 + random(0, 999999999) / 1000000000.0 * :stretch, :skew) - 0.5)))
\set comments 51
\startpipeline
begin isolation level repeatable read, read only;
SELECT "articles"."id", "articles"."slug", "articles"."headline", "articles"."dek", "articles"."lang", "articles"."published_at", "articles"."published_at_uncertain", "articles"."updated_at", "articles"."links_heading", "articles"."author_name", "articles"."author_url", "articles"."outlet_count", "articles"."comment_count", "articles"."last_comment_at", "articles"."comments_open", "articles"."corrections", "articles"."quote_text", "articles"."quote_html", "articles"."commentary_label", "articles"."commentary_text", "articles"."commentary_html" FROM "articles" WHERE (articles.status = 'published' AND ("articles"."id" = :id));
SELECT "links"."id", "links"."article_id", "links"."role", "links"."position", "links"."title", "links"."url", "links"."domain", "links"."credit", "links"."section", "links"."quote_text", "links"."quote_html", "links"."uncertain", "link_credits"."bylines", "outlets"."id", "outlets"."slug", "outlets"."name" FROM ("links" LEFT OUTER JOIN ("link_credits" LEFT OUTER JOIN "outlets" ON ("link_credits"."outlet_id" = "outlets"."id")) ON ("link_credits"."link_id" = "links"."id")) WHERE ("links"."article_id" = :id) ORDER BY "links"."article_id", "links"."position", "link_credits"."position";
SELECT "article_tags"."article_id", "tags"."slug", "tags"."name" FROM ("article_tags" INNER JOIN "tags" ON ("article_tags"."tag_id" = "tags"."id")) WHERE ("article_tags"."article_id" = :id) ORDER BY "article_tags"."article_id", "article_tags"."position";
SELECT "comments"."id", "comments"."article_id", "comments"."parent_id", "comments"."depth", "comments"."path", "comments"."status", "comments"."author_name", "comments"."author_url", "comments"."is_editor", "comments"."text", "comments"."html", "comments"."created_at", "comments"."listed_at", "comments"."edited_at", "comments"."reply_count", "comments"."uncertain" FROM "comments" WHERE ((comments.status = 'approved' or comments.reply_count > 0) AND ("comments"."article_id" = :id)) ORDER BY "comments"."path" ASC LIMIT :comments;
\endpipeline
commit;

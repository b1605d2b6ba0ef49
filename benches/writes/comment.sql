-- The rows of a comment in one statement: the comment and its article's counter.
\set article random(1, :highest)
\set one random(1, 1000000000)
with next as (select nextval(pg_get_serial_sequence('comments', 'id')) as id),
article as (
    update articles set comment_count = comment_count + :counted, last_comment_at = clock_timestamp()
    where id = :article and status = 'published' and comments_open returning id
)
insert into comments (id, article_id, root_id, depth, path, status, author_name, text, html, text_hash, client_hash,
    edit_token_hash, edit_until, created_at, listed_at)
select next.id, article.id, next.id, 0, int8send(next.id), 'approved', 'Writer ' || :one, text, '<p>' || text || '</p>',
    sha256(text::bytea), '\x00112233445566778899aabbccddeeff', sha256(text::bytea), clock_timestamp() + interval '15 minutes',
    clock_timestamp(), clock_timestamp()
from article, next, (select 'The engineers said as much on Monday, part ' || :one as text) t;

-- The triggers go with their functions.
drop function notify_outlets() cascade;
drop function notify_comments() cascade;
drop function notify_published() cascade;
drop function notify_credits() cascade;
drop function notify_parts() cascade;
drop function notify_changed() cascade;
drop function notify_plain() cascade;
drop function notify_articles(bigint[]);

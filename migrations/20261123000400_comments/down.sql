drop table comment_rules;
drop table comment_reports;
drop index comments_author_hash_idx;
drop index comments_author_token_hash_idx;
drop index comments_author_email_idx;
drop index comments_text_hash_idx;
drop index comments_client_hash_idx;
drop index comments_article_id_idx;
drop index comments_reported_idx;
drop index comments_erased_idx;
comment on column comments.author_hash is null;
alter table comments
    drop column version,
    drop column author_token_hash,
    drop column text_hash,
    drop column report_count,
    drop column former_status;

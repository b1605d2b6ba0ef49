-- Restores the descriptions of the steps before.

comment on table site is 'Facts about this database that are no row of anything else.';
comment on column outlets.link_count is 'Links of published articles credited to it; kept by trigger.';
comment on table outlet_aliases is 'Every name an outlet goes by, its own included; key is the name folded.';
comment on table outlet_slugs is 'Former slugs, also of outlets merged into this one: they answer 301.';
comment on column articles.version is 'Counts edits; comments do not touch it.';
comment on column articles.source_hash is
    'Of the imported record: a second import with the same one changes nothing.';
comment on column articles.published_at_uncertain is 'The source gave no date: it is that of the import.';
comment on table article_slugs is 'Former slugs: they answer 301.';
comment on table article_paths is
    'Permalinks the article had elsewhere; hash is SHA-256 of the path, which may be long.';
comment on table purged_articles is 'What was deleted for good: its address answers 410.';
comment on column links.url is 'As the editor wrote it; null for a source credited without an address.';
comment on column links.url_hash is 'Of the normalised address: the text may be too long for an index.';
comment on column links.url_rules is 'The version of the normalising rules that made url_hash.';
comment on column links.uncertain is 'The importer was not sure how to read the line.';
comment on column links.published_at is 'The article''s, while that is published, else null.';
comment on column link_credits.published_at is 'The article''s, while that is published, else null.';
comment on table article_outlets is
    'Which outlets an article credits, and how often; derived from link_credits.';
comment on table tag_slugs is 'Former slugs, also of tags merged into this one: they answer 301.';
comment on column comments.path is
    'The parent''s path, then the id in eight bytes, big end first: bytea order is reading order.';
comment on column comments.created_at is 'When its author wrote it; null where the source did not say.';
comment on column comments.listed_at is
    'created_at, or when it was stored: what the latest comments are sorted by.';
comment on column comments.reply_count is 'Direct replies that show; kept by trigger.';
comment on column comments.author_email is 'Never leaves through a public endpoint.';
comment on column comments.client_hash is 'Keyed hash of the network address, deleted after a while.';
comment on column keys.prefix is 'The first characters of the secret, to tell keys apart by eye.';
comment on column idempotency_keys.fingerprint is
    'SHA-256 of method, path and body: another request under the same key is refused.';
comment on column outlets.version is 'Counts edits; counters do not touch it.';
comment on column tags.version is 'Counts edits; counters do not touch it.';
comment on column comments.version is 'Counts edits and decisions; replies and reports do not touch it.';
comment on column comments.author_hash is 'Keyed hash of the e-mail address: recognises a reader.';
comment on column comments.author_token_hash is
    'Hash of the token by which a reader without an address is recognised.';
comment on column comments.text_hash is
    'SHA-256 of the text without case and spacing: finds the same text again.';
comment on column comments.report_count is 'Reports by readers since it was last approved.';
comment on column comments.former_status is
    'What it was before it was removed; null when it was erased and cannot come back.';
comment on column comment_reports.client_hash is 'Keyed hash of the network address, deleted after a while.';
comment on column comment_rules.terms is 'Words, expressions, hosts, domains or ranges.';
comment on column comment_rules.threshold is 'Links, hours or seconds.';
comment on column comment_rules.spare_known is 'It does not apply to a reader who has an approved comment.';
comment on table pingbacks is
    'Notices of other sites that they link to an article: kept apart from what readers say.';
comment on table search_languages is 'How each language is searched; '''' stands for all others.';
comment on column search_languages.config is
    'The text search configuration, by name: a regconfig would stand in the way of pg_upgrade.';
comment on column search_languages.used is 'Some document has it: only then a query is read in it.';
comment on table search_documents is 'What can be found: public articles, their links and comments.';
comment on column search_documents.published_at is 'The article''s.';
comment on column search_documents.lang is 'The row of search_languages it is read by.';
comment on column search_documents.tsv is
    'Stems by that language; titles also word by word, for search as one types.';
comment on table article_months is 'Published articles per month (UTC); kept by trigger.';
comment on column jobs.instance is
    'Whose it is: while that process lives it holds an advisory lock of this number.';

-- Describes tables and columns in the terms of the documentation.

comment on table site is 'Settings and ids of this database, by key.';
comment on column outlets.link_count is
    'Number of links in published articles that credit this outlet; a trigger keeps it.';
comment on table outlet_aliases is 'All names of an outlet, including its own; key is the folded name.';
comment on table outlet_slugs is
    'Former slugs of an outlet and of outlets merged into it; they redirect (301).';
comment on column articles.version is 'Number of edits; comments do not change it.';
comment on column articles.source_hash is
    'Hash of the imported record; importing a record with the same hash again changes nothing.';
comment on column articles.published_at_uncertain is
    'The source gave no date, so published_at is the time of the import.';
comment on table article_slugs is 'Former slugs of an article; they redirect (301).';
comment on table article_paths is
    'Paths of permalinks that the article had on another site; hash is the SHA-256 of the path, which may be too long for an index.';
comment on table purged_articles is 'Permanently deleted articles; their URLs return 410.';
comment on column links.url is 'The URL as the editor wrote it; null for a source credited without one.';
comment on column links.url_hash is 'Hash of the normalised URL, which may be too long for an index.';
comment on column links.url_rules is 'Version of the normalisation rules behind url_hash.';
comment on column links.uncertain is 'The reader was not certain how to read the line.';
comment on column links.published_at is
    'Copy of articles.published_at while the article is published, else null.';
comment on column link_credits.published_at is
    'Copy of articles.published_at while the article is published, else null.';
comment on table article_outlets is
    'The outlets that an article credits, with the number of links; derived from link_credits.';
comment on table tag_slugs is 'Former slugs of a tag and of tags merged into it; they redirect (301).';
comment on column comments.path is
    'The path of the parent, then the id as eight big-endian bytes, so that bytea order is thread order.';
comment on column comments.created_at is
    'The time at which its author wrote it; null when an imported source does not give it.';
comment on column comments.listed_at is
    'created_at, or else the time at which it was stored; the latest comments are sorted by it.';
comment on column comments.reply_count is 'Number of visible direct replies; a trigger keeps it.';
comment on column comments.author_email is 'Never returned by a public endpoint.';
comment on column comments.client_hash is 'Keyed hash of the IP address, deleted after the retention period.';
comment on column keys.prefix is 'The first characters of the secret, shown to distinguish keys.';
comment on column idempotency_keys.fingerprint is
    'SHA-256 of method, path and body; a different request with the same key is rejected.';
comment on column outlets.version is 'Number of edits; counters do not change it.';
comment on column tags.version is 'Number of edits; counters do not change it.';
comment on column comments.version is
    'Number of edits and moderation decisions; replies and reports do not change it.';
comment on column comments.author_hash is
    'Keyed hash of the e-mail address, which identifies a returning reader.';
comment on column comments.author_token_hash is
    'Hash of the token that identifies a returning reader who gave no e-mail address.';
comment on column comments.text_hash is
    'SHA-256 of the text without case and white space, to find repeated texts.';
comment on column comments.report_count is 'Number of reports by readers since the last approval.';
comment on column comments.former_status is
    'The status before deletion; null when the comment was erased and cannot be restored.';
comment on column comment_reports.client_hash is
    'Keyed hash of the IP address, deleted after the retention period.';
comment on column comment_rules.terms is
    'Words, regular expressions, hosts, domains or address ranges, by kind.';
comment on column comment_rules.threshold is 'A number of links, hours or seconds, by kind.';
comment on column comment_rules.spare_known is
    'The rule does not apply to readers who have an approved comment.';
comment on table pingbacks is
    'Pingbacks and trackbacks: other sites that link to an article. They are not comments.';
comment on table search_languages is
    'The text search configuration of each language; '''' is for all other languages.';
comment on column search_languages.config is
    'The name of the text search configuration, as pg_upgrade does not support columns of type regconfig.';
comment on column search_languages.used is
    'Whether any document has this language; queries are parsed only in used languages.';
comment on table search_documents is 'The searchable text of public articles, their links and comments.';
comment on column search_documents.published_at is 'Copy of articles.published_at.';
comment on column search_documents.lang is 'The row of search_languages by which it was parsed.';
comment on column search_documents.tsv is
    'The stems in that language; of titles also the unstemmed words, for prefix search.';
comment on table article_months is 'Number of published articles per month (UTC); a trigger keeps it.';
comment on column jobs.instance is
    'The process that runs the job; it holds an advisory lock of this number while it lives.';

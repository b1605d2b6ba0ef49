//! What an export holds: the site's own tables, in the order in which they can be filled.
//!
//! Left out are what the service keeps about its own work (keys, audit, jobs, idempotency) and
//! what follows from the rest: counters, copies of dates, the outlets of an article.

/// A table of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its key, and the order of its rows.
    pub key: &'static [&'static str],
    /// Columns that follow from others, or are nobody's business outside.
    pub without: &'static [&'static str],
}

/// All of them.
pub const TABLES: [Table; 16] = [
    table("outlets", &["id"], &["link_count", "article_count", "first_seen_at", "last_seen_at"]),
    table("outlet_aliases", &["key"], &[]),
    table("outlet_hosts", &["host"], &[]),
    table("outlet_slugs", &["slug"], &[]),
    table("tags", &["id"], &["article_count"]),
    table("tag_slugs", &["slug"], &[]),
    table("articles", &["id"], &["outlet_count", "comment_count", "last_comment_at"]),
    table("article_slugs", &["slug"], &[]),
    table("article_paths", &["hash"], &[]),
    table("article_revisions", &["article_id", "version"], &["key_id"]),
    table("purged_articles", &["id"], &[]),
    table("links", &["id"], &["published_at"]),
    table("link_credits", &["link_id", "position"], &["published_at"]),
    table("article_tags", &["article_id", "tag_id"], &["published_at"]),
    table("comments", &["id"], &["reply_count", "client_hash", "edit_token_hash", "edit_until"]),
    table("pingbacks", &["id"], &[]),
];

const fn table(
    name: &'static str,
    key: &'static [&'static str],
    without: &'static [&'static str],
) -> Table {
    Table { name, key, without }
}

/// The table of this name.
pub fn named(name: &str) -> Option<Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// The statement that names a table's columns in their order, those that follow from others aside.
pub const COLUMNS: &str = "select attname::text as name from pg_attribute \
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = '' \
    order by attnum";

//! The tables that an export holds, in an order in which an import can fill them.
//!
//! Left out are the tables about the service's own work (keys, audit, jobs, idempotency) and
//! what is derived from the rest: counters, copies of dates, the outlets of an article.

/// A table of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns of its key, by which its rows are ordered.
    pub key: &'static [&'static str],
    /// The columns that are left out: they are derived from others, or private to the service.
    pub excluded: &'static [&'static str],
}

/// The tables, in the order of their rows in the file.
pub const TABLES: [Table; 18] = [
    table("outlets", &["id"], &["link_count", "article_count", "first_seen_at", "last_seen_at"]),
    table("outlet_aliases", &["key"], &[]),
    table("outlet_hosts", &["host"], &[]),
    table("outlet_slugs", &["slug"], &[]),
    table("tags", &["id"], &["article_count"]),
    table("tag_slugs", &["slug"], &[]),
    table("tag_names", &["name_key"], &[]),
    table(
        "articles",
        &["id"],
        &["outlet_count", "comment_count", "last_comment_at", "publish_error"],
    ),
    table("article_slugs", &["slug"], &[]),
    table("article_paths", &["hash"], &[]),
    table("article_revisions", &["article_id", "version"], &["key_id"]),
    table("imported_fields", &["article_id"], &[]),
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
    excluded: &'static [&'static str],
) -> Table {
    Table { name, key, excluded }
}

/// Returns the table of this name.
pub fn table_named(name: &str) -> Option<Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

/// Selects the names of a table's columns in their order, without generated columns.
pub const SELECT_COLUMNS: &str = "select attname::text as name from pg_attribute \
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = '' \
    order by attnum";

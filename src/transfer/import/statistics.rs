//! Updates the planner's statistics while an import stores rows.
//!
//! A table that has just been filled has no statistics until autovacuum runs, a minute later.
//! Until then the planner chooses a partial index for every lookup, and each batch reads all rows
//! that were stored before it.

use crate::error::Result;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};

/// Analyzes the columns that rows are found by; long texts would take too long.
const ANALYZE: &str = "\
    analyze articles (id, slug, status, source, source_id, author_name, published_at); \
    analyze links (id, article_id, url_hash, domain, published_at); \
    analyze link_credits (link_id, outlet_id); \
    analyze article_outlets; \
    analyze comments (id, article_id, parent_id, path, status, listed_at, source, source_id); \
    analyze search_documents (kind, id, article_id, published_at, lang)";

/// Counts the stored rows, and runs `analyze` when there are four times as many.
#[derive(Debug)]
pub(super) struct Statistics {
    stored: usize,
    next: usize,
}

impl Statistics {
    pub(super) const fn new() -> Self {
        Self { stored: 0, next: 50 }
    }

    /// Adds stored posts or comments.
    pub(super) async fn add_rows(&mut self, conn: &mut AsyncPgConnection, by: usize) -> Result<()> {
        self.stored += by;
        if self.stored >= self.next {
            self.next = self.stored * 4;
            conn.batch_execute(ANALYZE).await?;
        }
        Ok(())
    }
}

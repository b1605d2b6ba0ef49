//! Keeps what the planner knows in step with what a run stores. A table that has just been filled
//! has no statistics until autovacuum comes by, a minute later; until then a partial index looks
//! like the shortest way to every row, and each batch goes through all that were stored before.

use crate::error::Result;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};

/// The columns that rows are found by; those that hold text take long to look through.
const ANALYZE: &str = "\
    analyze articles (id, slug, status, source, source_id, author_name, published_at); \
    analyze links (id, article_id, url_hash, domain, published_at); \
    analyze link_credits (link_id, outlet_id); \
    analyze article_outlets; \
    analyze comments (id, article_id, parent_id, path, status, listed_at, source, source_id); \
    analyze search_documents (kind, id, article_id, published_at, lang)";

/// How many rows were stored, and when to look again.
#[derive(Debug)]
pub(super) struct Statistics {
    stored: usize,
    due: usize,
}

impl Statistics {
    pub(super) const fn new() -> Self {
        Self { stored: 0, due: 50 }
    }

    /// So many posts or comments were stored.
    pub(super) async fn grew(&mut self, conn: &mut AsyncPgConnection, by: usize) -> Result<()> {
        self.stored += by;
        if self.stored >= self.due {
            self.due = self.stored * 4;
            conn.batch_execute(ANALYZE).await?;
        }
        Ok(())
    }
}

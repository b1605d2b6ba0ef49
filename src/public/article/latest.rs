//! Articles for feeds and for search: several at once, whole or the texts alone.

use crate::articles::filter::{Filter, Sort};
use crate::articles::model::Article;
use crate::articles::query::{Key, by_ids, keys};
use crate::error::Result;
use crate::page::{Page, Scan};
use diesel_async::AsyncPgConnection;

/// A page of published articles, whole but for their comments, latest first: of one tag or outlet,
/// or of all.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(conn: &AsyncPgConnection, of: Of, scan: &Scan<Key>) -> Result<Page<Article>> {
    let filter = match of {
        Of::All => Filter::default(),
        Of::Tag(id) => Filter { tags: Some(vec![id]), ..Filter::default() },
        Of::Outlet(id) => Filter { outlets: Some(vec![id]), ..Filter::default() },
    };
    let cut = scan.page(keys(conn, &filter, Sort::Latest, scan).await?, Clone::clone);
    let ids: Vec<i64> = cut.items.iter().map(|(_, id)| *id).collect();
    let mut found = by_ids(conn, &ids).await?;
    Ok(cut.with_items(ids.iter().filter_map(|id| found.remove(id)).collect()))
}

/// Which articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Of {
    /// All of them.
    All,
    /// Those with this tag.
    Tag(i64),
    /// Those that credit this outlet.
    Outlet(i64),
}

//! Lists of whole articles, for feeds.

use crate::articles::filter::{Filter, Sort};
use crate::articles::model::Article;
use crate::articles::query::{Key, by_ids, keys};
use crate::error::Result;
use crate::page::{Page, Scan};
use diesel_async::AsyncPgConnection;

/// Returns a page of published articles with their texts, newest first: of one tag or outlet,
/// or of all.
///
/// # Errors
/// When the database does not respond.
pub async fn latest(
    conn: &AsyncPgConnection,
    of: ArticleSet,
    scan: &Scan<Key>,
) -> Result<Page<Article>> {
    let filter = match of {
        ArticleSet::All => Filter::default(),
        ArticleSet::Tag(id) => Filter { tags: Some(vec![id]), ..Filter::default() },
        ArticleSet::Outlet(id) => Filter { outlets: Some(vec![id]), ..Filter::default() },
    };
    let cut = scan.page(keys(conn, &filter, Sort::Latest, scan).await?, Clone::clone);
    let ids: Vec<i64> = cut.items.iter().map(|(_, id)| *id).collect();
    let mut found = by_ids(conn, &ids).await?;
    Ok(cut.with_items(ids.iter().filter_map(|id| found.remove(id)).collect()))
}

/// Which articles to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum ArticleSet {
    /// All published articles.
    All,
    /// Those with this tag.
    Tag(i64),
    /// Those that credit this outlet.
    Outlet(i64),
}

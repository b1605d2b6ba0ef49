//! Articles for feeds and for search: several at once, whole or the texts alone.

use super::filter::{Filter, Sort};
use super::model::{Article, SummaryRow, TextRow};
use super::query::{Key, keys, published};
use crate::error::Result;
use crate::page::{Page, Scan};
use crate::schema::articles;
use crate::{links, tags};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join3;
use std::collections::HashMap;

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
    let cut = scan.cut(keys(conn, &filter, Sort::Latest, scan).await?, Clone::clone);
    let ids: Vec<i64> = cut.items.iter().map(|(_, id)| *id).collect();
    let articles = wholes(conn, &ids).await?;
    Ok(cut.with(articles))
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

/// These published articles, whole but for their comments, in this order.
async fn wholes(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<Article>> {
    let rows = async {
        let query = articles::table
            .filter(articles::id.eq_any(ids))
            .filter(published())
            .select((SummaryRow::as_select(), TextRow::as_select()));
        Ok(query.load::<(SummaryRow, TextRow)>(&mut &*conn).await?)
    };
    let links = links::of_articles(conn, ids, false);
    let tags = tags::of_articles(conn, ids);
    let (rows, mut links, mut tags) = try_join3(rows, links, tags).await?;
    let mut found: HashMap<i64, Article> = HashMap::new();
    for (summary, text) in rows {
        let id = summary.id;
        let links = links.remove(&id).unwrap_or_default();
        found.insert(id, text.with(summary.with(links, tags.remove(&id).unwrap_or_default())));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The headline of a published article.
///
/// # Errors
/// When the database does not answer.
pub async fn headline(conn: &AsyncPgConnection, id: i64) -> Result<Option<String>> {
    let one = articles::table.filter(articles::id.eq(id)).filter(published());
    Ok(one.select(articles::headline).first(&mut &*conn).await.optional()?)
}

/// The long texts of an article, as HTML.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// The excerpt from the lead source.
    pub quote: Option<String>,
    /// What the editor says about it.
    pub commentary: Option<String>,
}

/// The long texts of these articles.
///
/// # Errors
/// When the database does not answer.
pub async fn texts(conn: &AsyncPgConnection, ids: &[i64]) -> Result<HashMap<i64, Texts>> {
    let rows: Vec<(i64, Option<String>, Option<String>)> = articles::table
        .filter(articles::id.eq_any(ids))
        .select((articles::id, articles::quote_html, articles::commentary_html))
        .load(&mut &*conn)
        .await?;
    let texts = |(id, quote, commentary)| (id, Texts { quote, commentary });
    Ok(rows.into_iter().map(texts).collect())
}

//! Articles for feeds and for search: several at once, whole or the texts alone.

use super::filter::{Filter, Sort};
use super::model::Article;
use super::query::{Key, keys, published, whole};
use crate::db::{CachedSql, any_array};
use crate::error::Result;
use crate::page::{Page, Scan};
use crate::schema::articles;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
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
    let mut found = whole(conn, &ids, false).await?;
    Ok(cut.with(ids.iter().filter_map(|id| found.remove(id)).collect()))
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
    let query = articles::table.filter(any_array(articles::id, ids)).select((
        articles::id,
        articles::quote_html,
        articles::commentary_html,
    ));
    let rows: Vec<(i64, Option<String>, Option<String>)> =
        CachedSql(query).load(&mut &*conn).await?;
    let texts = |(id, quote, commentary)| (id, Texts { quote, commentary });
    Ok(rows.into_iter().map(texts).collect())
}

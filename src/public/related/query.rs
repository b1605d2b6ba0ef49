//! The statements that find related and adjacent articles.

use crate::articles::{self, published};
use crate::error::Result;
use crate::links::CitingArticle;
use crate::page::{Page, PageQuery, Scan};
use crate::public::related::model::{
    AdjacentArticle, AdjacentArticles, RelatedArticle, RelatedReason,
};
use crate::schema::articles as table;
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Double, Integer, Jsonb, Record, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use std::collections::HashMap;

const STATEMENT: &str = include_str!("related.sql");

/// The maximum number of related articles.
const MAX_RELATED: i32 = 100;

/// The default number of days before and after an article.
pub(super) const DEFAULT_DAYS: i32 = 30;

/// The article and range of a search for related articles.
#[derive(Debug, Clone, Copy)]
pub struct RelatedRange {
    article: i64,
    days: i32,
}

impl RelatedRange {
    /// Searches the default range around an article.
    pub fn to(article: i64) -> Self {
        Self { article, days: DEFAULT_DAYS }
    }

    /// Searches this number of days around it.
    #[must_use]
    pub fn within(self, days: i32) -> Self {
        Self { days, ..self }
    }

    /// Returns the range of the list to read.
    ///
    /// # Errors
    /// 400 for a cursor of another list.
    pub fn scan(self, page: &PageQuery, default: i64) -> Result<Scan<i64>> {
        page.scan_with_default(&("related", self.article, self.days), default)
    }
}

#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    score: f64,
    #[diesel(sql_type = Jsonb)]
    reasons: Value,
}

/// Returns a page of related articles, the most similar first.
///
/// # Errors
/// When the database does not respond.
pub async fn related(
    conn: &AsyncPgConnection,
    range: RelatedRange,
    scan: &Scan<i64>,
) -> Result<Page<RelatedArticle>> {
    let rows: Vec<Row> = sql_query(STATEMENT)
        .bind::<BigInt, _>(range.article)
        .bind::<Integer, _>(range.days)
        .bind::<Integer, _>(MAX_RELATED)
        .load(&mut &*conn)
        .await?;
    let placed: Vec<(i64, Row)> = (0..).zip(rows).collect();
    let cut = scan.page_of_all(placed, |(place, _)| *place);
    let ids: Vec<i64> = cut.items.iter().map(|(_, row)| row.id).collect();
    let summaries = articles::summaries(conn, &ids, false).await?;
    let mut found: HashMap<i64, _> = summaries.into_iter().map(|one| (one.id, one)).collect();
    let mut items = Vec::new();
    for (_, row) in &cut.items {
        if let Some(article) = found.remove(&row.id) {
            let reasons = serde_json::from_value::<Vec<RelatedReason>>(row.reasons.clone());
            let score = (row.score * 1e6).round() / 1e6;
            items.push(RelatedArticle { article, score, reasons: reasons.unwrap_or_default() });
        }
    }
    Ok(cut.with_items(items))
}

/// Returns the articles before and after a published article.
pub(super) async fn adjacent(conn: &AsyncPgConnection, id: i64) -> Result<AdjacentArticles> {
    let own = table::table.find(id).select(table::published_at.assume_not_null());
    let at: DateTime<Utc> = own.first(&mut &*conn).await?;
    let row = || {
        (table::published_at.assume_not_null(), table::id)
            .into_sql::<Record<(Timestamptz, BigInt)>>()
    };
    let all = || table::table.filter(published()).select(CitingArticle::as_select());
    let before = all()
        .filter(row().lt((at, id)))
        .order((table::published_at.desc(), table::id.desc()))
        .first(&mut &*conn)
        .await
        .optional()?;
    let after = all()
        .filter(row().gt((at, id)))
        .order((table::published_at.asc(), table::id.asc()))
        .first(&mut &*conn)
        .await
        .optional()?;
    let [previous, next] =
        [before, after].map(|found| found.map(|article| AdjacentArticle { article }));
    Ok(AdjacentArticles { previous, next })
}

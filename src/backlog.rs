//! What waits for an editor or for the service, for `/metrics`.

use crate::db::{SqlText, StaticSql};
use crate::error::Result;
use crate::schema::{articles, comments};
use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The number of comments up to which they are counted.
const MAX_COUNTED: i64 = 10_000;

/// What waits.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// The comments that wait for a decision, at most 10,000.
    pub held_comments: u32,
    /// The scheduled articles whose time has come.
    pub due_articles: u32,
}

impl Backlog {
    /// Counts what waits.
    ///
    /// # Errors
    /// When the database does not respond.
    pub async fn load(conn: &AsyncPgConnection, now: DateTime<Utc>) -> Result<Self> {
        let held = comments::table.filter(pending()).select(comments::id).limit(MAX_COUNTED);
        let held: Vec<i64> = held.load(&mut &*conn).await?;
        let due = articles::table
            .filter(scheduled())
            .filter(articles::published_at.le(now))
            .select(count_star());
        let due: i64 = due.first(&mut &*conn).await?;
        Ok(Self {
            held_comments: u32::try_from(held.len()).unwrap_or(u32::MAX),
            due_articles: u32::try_from(due).unwrap_or(u32::MAX),
        })
    }
}

/// The condition of the partial index of the queue.
fn pending() -> StaticSql<impl SqlText> {
    StaticSql(|| "comments.status = 'pending'")
}

/// The condition of the partial index of scheduled articles.
fn scheduled() -> StaticSql<impl SqlText> {
    StaticSql(|| "articles.status = 'scheduled'")
}

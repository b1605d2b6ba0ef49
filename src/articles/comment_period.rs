//! The time after publication in which an article accepts comments (`ROUNDUP_COMMENT_DAYS`).

use super::model::ArticleSummary;
use super::query::published;
use crate::cache::Change;
use crate::error::Result;
use crate::schema::articles;
use crate::state::State;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// The period of the site, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct CommentPeriod {
    /// Its length; `None` for no limit.
    length: Option<TimeDelta>,
    now: DateTime<Utc>,
}

impl CommentPeriod {
    /// Returns the period of the settings.
    pub fn of(state: &State) -> Self {
        let days = state.config().comment_days;
        let length = (days > 0).then(|| TimeDelta::days(days.into()));
        Self { length, now: state.clock().now() }
    }

    /// Returns whether an article of this time no longer accepts comments.
    pub fn is_over(self, published_at: Option<DateTime<Utc>>) -> bool {
        let end = published_at.zip(self.length).map(|(at, length)| at + length);
        end.is_some_and(|end| self.now >= end)
    }

    /// Sets `comments_open` to false if the period of the article is over.
    pub fn apply(self, article: &mut ArticleSummary) {
        article.comments_open &= !self.is_over(article.published_at);
    }
}

/// Invalidates the cached responses with articles whose period ended after `since`; returns the time up to
/// which that is done.
///
/// # Errors
/// When the database does not respond.
pub async fn invalidate_closed(state: &State, since: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let CommentPeriod { length, now } = CommentPeriod::of(state);
    let Some(length) = length else { return Ok(now) };
    let closed = articles::table
        .filter(published())
        .filter(articles::published_at.gt(since - length))
        .filter(articles::published_at.le(now - length))
        .select(articles::id);
    let closed: Vec<i64> =
        state.with_connection(async |conn| Ok(closed.load(&mut &**conn).await?)).await?;
    if !closed.is_empty() {
        state.invalidate(Change::Articles(&closed));
    }
    Ok(now)
}

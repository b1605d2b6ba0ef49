//! Publishes scheduled articles when they are due.
//!
//! Every instance checks once a second. Each article is published in a transaction of its own, which locks
//! its row, so it is published once, and one that fails does not affect the others. Articles that came due
//! while no instance ran are published by the first check.

use crate::articles::model::ArticleStatus;
use crate::db::StaticSql;
use crate::derived::begin_article_write;
use crate::editor::prepare::Editor;
use crate::editor::update;
use crate::error::{Code, Error, Result};
use crate::schema::articles;
use crate::state::{SharedState, State};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// The interval between two checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The maximum number of articles that are published at the same time.
const CONCURRENCY: usize = 2;

/// The maximum number of articles of a check; the next one publishes the rest.
const MAX_DUE: i64 = 1000;

/// Publishes articles that come due for as long as the service runs. A failure is logged, and the next
/// check tries again.
pub async fn keep_publishing(state: SharedState) {
    let mut ticks = tokio::time::interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        match publish_due(&state).await {
            Ok(0) => failing = false,
            Ok(n) => {
                failing = false;
                log::info!("published {n} scheduled articles");
            }
            // The failure is logged once, because the database may be unavailable for hours.
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                log::error!("cannot publish scheduled articles: {error:?}");
            }
        }
    }
}

/// Publishes every scheduled article that is due; returns how many. An article that cannot be published
/// stays scheduled, and its `publish_error` says why.
///
/// # Errors
/// When the database does not respond.
pub async fn publish_due(state: &SharedState) -> Result<usize> {
    let now = state.clock().now();
    let due = state.with_connection(async |conn| due(conn, now).await).await?;
    let mut published = iter(due).map(|id| publish(state, id, now)).buffer_unordered(CONCURRENCY);
    let mut count = 0;
    while let Some(is_published) = published.try_next().await? {
        count += usize::from(is_published);
    }
    Ok(count)
}

/// Returns the scheduled articles that are due, the earliest first. Those that failed before come last, so
/// that they do not delay the others.
async fn due(conn: &AsyncPgConnection, now: DateTime<Utc>) -> Result<Vec<i64>> {
    let due = articles::table
        .filter(StaticSql(|| "articles.status = 'scheduled'"))
        .filter(articles::published_at.le(now))
        .order((articles::publish_error.is_not_null(), articles::published_at, articles::id))
        .limit(MAX_DUE);
    Ok(due.select(articles::id).load(&mut &*conn).await?)
}

/// Publishes an article; returns whether it did. Another instance may be quicker.
///
/// # Errors
/// When the database does not respond.
async fn publish(state: &SharedState, id: i64, now: DateTime<Utc>) -> Result<bool> {
    // An ordinary write, so that caches are invalidated as for any other.
    let done = State::write(state, move |conn| {
        Box::pin(async move {
            begin_article_write(conn).await?;
            let own: Option<i64> = articles::table
                .find(id)
                .filter(articles::status.eq(ArticleStatus::Scheduled.as_str()))
                .filter(articles::published_at.le(now))
                .select(articles::id)
                .for_no_key_update()
                .skip_locked()
                .first(conn)
                .await
                .optional()?;
            if own.is_none() {
                return Ok(false);
            }
            let (editor, status) = (Editor::service(now), ArticleStatus::Published);
            update::set_status(conn, &editor, id, status, "article.publish").await?;
            Ok(true)
        })
    });
    match done.await {
        Err(error) if !matches!(error.code(), Code::Unavailable | Code::Deadline) => {
            report(state, id, &error).await?;
            Ok(false)
        }
        done => done,
    }
}

/// Reports that an article could not be published: in a metric, in the article, and, if the reason is new,
/// in the log.
async fn report(state: &SharedState, id: i64, error: &Error) -> Result<()> {
    state.metrics().count_publish_error();
    let reason = error.to_string();
    let changed = State::write(state, move |conn| {
        Box::pin(async move {
            let changed = articles::table
                .find(id)
                .filter(articles::status.eq(ArticleStatus::Scheduled.as_str()))
                .filter(articles::publish_error.is_distinct_from(&reason));
            let set = articles::publish_error.eq(&reason);
            Ok(diesel::update(changed).set(set).execute(conn).await?)
        })
    });
    if changed.await? > 0 {
        log::error!("cannot publish article {id}: {error:?}");
    }
    Ok(())
}

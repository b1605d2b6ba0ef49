//! Publishes scheduled articles when they are due.
//!
//! Every instance checks once a second. It locks the rows that are due and skips those that another
//! instance has locked, so each article is published once. Articles that came due while no instance
//! ran are published by the first check.

use crate::articles::model::ArticleStatus;
use crate::db::StaticSql;
use crate::editor::prepare::Editor;
use crate::editor::update;
use crate::error::Result;
use crate::schema::articles;
use crate::state::{SharedState, State};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// The interval between two checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The maximum number of articles published in one transaction.
const BATCH_SIZE: i64 = 20;

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

/// Publishes every scheduled article that is due; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn publish_due(state: &SharedState) -> Result<usize> {
    let mut all = 0;
    loop {
        let editor = Editor::service(state.clock().now());
        // An ordinary write, so that caches are invalidated as for any other.
        let done = State::write(state, move |conn| {
            Box::pin(async move { publish_batch(conn, &editor).await })
        })
        .await?;
        all += done;
        if i64::try_from(done).unwrap_or(i64::MAX) < BATCH_SIZE {
            return Ok(all);
        }
    }
}

/// Publishes a batch of scheduled articles that are due; returns how many.
async fn publish_batch(conn: &mut AsyncPgConnection, editor: &Editor) -> Result<usize> {
    let due: Vec<i64> = articles::table
        .filter(StaticSql(|| "articles.status = 'scheduled'"))
        .filter(articles::published_at.le(editor.now))
        .order((articles::published_at, articles::id))
        .limit(BATCH_SIZE)
        .select(articles::id)
        .for_update()
        .skip_locked()
        .load(conn)
        .await?;
    for id in &due {
        update::set_status(conn, editor, *id, ArticleStatus::Published, "article.publish").await?;
    }
    Ok(due.len())
}

//! Periodic background tasks.

use crate::articles;
use crate::comments;
use crate::error::Result;
use crate::events;
use crate::idempotency::delete_expired;
use crate::jobs::{self, JobQueue};
use crate::outlets;
use crate::search_index;
use crate::state::{SharedState, State};
use crate::webhooks;
use actix_web::web::Data;
use std::time::Duration;

/// The pause between two rounds.
const INTERVAL: Duration = Duration::from_mins(1);

/// Runs every task in every round for as long as the service runs. A task that fails is repeated in
/// the next round and does not affect the others.
pub async fn run(state: SharedState, queue: Data<JobQueue>) {
    let mut closed_until = state.clock().now();
    loop {
        match articles::invalidate_closed(&state, closed_until).await {
            Ok(until) => closed_until = until,
            Err(error) => log_outcome("closing comments", Err(error)),
        }
        log_outcome("deleting expired data", delete_expired_data(&state).await);
        log_outcome("deleting unused outlets", delete_unused_outlets(&state).await);
        log_outcome("ending jobs of stopped instances", jobs::sweep(&state, &queue).await);
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Deletes expired IP addresses and e-mail addresses of readers, expired idempotency keys, old events,
/// deliveries and changes;
/// returns how many rows.
///
/// # Errors
/// When the database fails.
pub async fn delete_expired_data(state: &Data<State>) -> Result<usize> {
    let now = state.clock().now();
    let mut rows = State::write(state, move |conn| Box::pin(delete_expired(conn, now))).await?;
    loop {
        let batch = state
            .with_connection(async |conn| {
                let expired = comments::sweep(conn, state.config(), now).await?;
                let days = state.config().change_days;
                let expired = expired + events::delete_old_events(conn, days).await?;
                let expired = expired + webhooks::delete_old_deliveries(conn, now).await?;
                Ok(expired + search_index::delete_old_changes(conn).await?)
            })
            .await?;
        rows += batch;
        if batch == 0 {
            return Ok(rows);
        }
    }
}

/// Deletes the outlets that texts seemed to credit and that no link credits any more.
async fn delete_unused_outlets(state: &Data<State>) -> Result<usize> {
    State::write(state, |conn| Box::pin(outlets::delete_unused(conn))).await
}

fn log_outcome(task: &str, outcome: Result<usize>) {
    match outcome {
        Ok(0) => {}
        Ok(rows) => log::debug!("{task}: {rows} rows"),
        Err(error) => log::warn!("{task}: {error:?}; retrying in a minute"),
    }
}

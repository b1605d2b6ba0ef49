//! What the service does by itself, at regular times: one loop, one small function for each duty.

use crate::comments;
use crate::error::Result;
use crate::idempotency::delete_expired;
use crate::jobs::{self, JobQueue};
use crate::state::{SharedState, State};
use actix_web::web::Data;
use std::time::Duration;

/// How long it rests between two rounds.
const REST: Duration = Duration::from_mins(1);

/// Does every duty in every round, for as long as the service runs. One that fails is tried again
/// in the next round, and hinders no other.
pub async fn run(state: SharedState, queue: Data<JobQueue>) {
    loop {
        report("forgetting what is over", tidy(&state).await);
        report("ending jobs that nobody has", jobs::sweep(&state, &queue).await);
        tokio::time::sleep(REST).await;
    }
}

/// Forgets readers' addresses and idempotency keys whose time is over.
///
/// # Errors
/// When the database fails.
pub async fn tidy(state: &Data<State>) -> Result<usize> {
    let now = state.clock().now();
    let mut rows = State::write(state, move |conn| Box::pin(delete_expired(conn, now))).await?;
    loop {
        let stretch =
            state.read(async |conn| comments::sweep(conn, state.config(), now).await).await?;
        rows += stretch;
        if stretch == 0 {
            return Ok(rows);
        }
    }
}

fn report(duty: &str, done: Result<usize>) {
    match done {
        Ok(0) => {}
        Ok(rows) => log::debug!("{duty}: {rows} rows"),
        Err(error) => log::warn!("{duty}: {error:?}; it is tried again in a minute"),
    }
}

//! Reads from streaming replicas. A replica may lag, so it is read only if it has replayed
//! everything that this instance has served or knows to have changed.

use super::fill::Fill;
use super::invalidation::Invalidation;
use super::replication_lsn::Lsn;
use crate::db::{Pool, PooledConnection};
use diesel::sql_types::{Nullable, Text};
use diesel::{QueryResult, dsl::sql};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The pauses before each check of a replica that lags. After the last one the primary is used.
const RETRY_DELAYS: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(15)];

/// How long a replica may take for a connection and its position. One that is frozen never answers.
const CHECKOUT_TIMEOUT: Duration = Duration::from_millis(250);

/// Returns what the server has replayed, or what it has written if it has become a primary.
const CURRENT_LSN: &str = "(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() \
                           else pg_current_wal_insert_lsn() end)::text";

/// The replicas behind one URL.
#[derive(Debug)]
pub struct Replica(Pool);

impl Replica {
    /// Creates it from a pool of connections.
    pub fn new(pool: Pool) -> Self {
        Self(pool)
    }

    /// Reserves connections for the current worker thread.
    pub fn init_worker(&self) {
        self.0.init_worker();
    }

    /// Returns a connection to a replica that is up to date, or `None` if there is none now.
    pub async fn checkout(&self, invalidation: &Invalidation) -> Option<PooledConnection> {
        timeout(CHECKOUT_TIMEOUT, self.wait_until_replayed(invalidation)).await.ok().flatten()
    }

    async fn wait_until_replayed(&self, invalidation: &Invalidation) -> Option<PooledConnection> {
        invalidation.minimum_lsn()?;
        let conn = self.0.get().await.ok()?;
        for delay in RETRY_DELAYS {
            sleep(delay).await;
            let lsn = current_lsn(&conn).await.ok()?;
            // The minimum is read each time, because it may have risen.
            let minimum = invalidation.minimum_lsn()?;
            if lsn.is_some_and(|lsn| lsn >= minimum) {
                Fill::set_used_replica();
                return Some(conn);
            }
        }
        None
    }
}

/// Records the log position of the server behind this connection, after a read on it. Nothing older
/// is served from now on.
///
/// # Errors
/// When the database does not answer.
pub async fn record_served_lsn(
    conn: &AsyncPgConnection,
    invalidation: &Invalidation,
) -> QueryResult<()> {
    if let Some(lsn) = current_lsn(conn).await? {
        invalidation.raise_minimum_lsn(lsn);
    }
    Ok(())
}

async fn current_lsn(conn: &AsyncPgConnection) -> QueryResult<Option<Lsn>> {
    let text: Option<String> =
        diesel::select(sql::<Nullable<Text>>(CURRENT_LSN)).get_result(&mut &*conn).await?;
    Ok(text.as_deref().and_then(Lsn::parse))
}

//! Reading from streaming replicas, which lag: one is asked only when it has all that this
//! instance has shown, or heard of.

use super::coherence::Coherence;
use super::fill::Fill;
use super::position::Lsn;
use crate::db::{Pool, PooledConnection};
use diesel::sql_types::Text;
use diesel::{QueryResult, dsl::sql};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::time::Duration;
use tokio::time::timeout;

/// A replica that lags is looked at again after each of these; then the primary is asked.
const WAITS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(15)];

/// How long a replica may take to give a connection and to say how far it is: one that is frozen
/// would never say.
const PATIENCE: Duration = Duration::from_millis(250);

/// How far the server is: what it has replayed, or, should it be a primary by now, written.
const POSITION: &str = "(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() \
                        else pg_current_wal_insert_lsn() end)::text";

/// The replicas behind one URL.
#[derive(Debug)]
pub struct Replica(Pool);

impl Replica {
    /// Those of this pool.
    pub fn new(pool: Pool) -> Self {
        Self(pool)
    }

    /// Gives the current worker thread database connections of its own.
    pub fn init_worker(&self) {
        self.0.init_worker();
    }

    /// A connection to a replica that may be shown; none if there is none now.
    pub async fn checkout(&self, coherence: &Coherence) -> Option<PooledConnection> {
        timeout(PATIENCE, self.when_new_enough(coherence)).await.ok().flatten()
    }

    async fn when_new_enough(&self, coherence: &Coherence) -> Option<PooledConnection> {
        coherence.floor()?;
        let conn = self.0.get().await.ok()?;
        for wait in WAITS {
            tokio::time::sleep(wait).await;
            let at = position(&conn).await.ok()?;
            // Asked each time: it may have risen meanwhile.
            if at.is_some_and(|at| coherence.floor().is_some_and(|floor| at >= floor)) {
                Fill::asked_replica();
                return Some(conn);
            }
        }
        None
    }
}

/// Notes how new the state is that was read on this connection, of a replica or of the primary:
/// nothing older is shown from now on.
///
/// # Errors
/// When the database does not answer.
pub async fn note_shown(conn: &AsyncPgConnection, coherence: &Coherence) -> QueryResult<()> {
    if let Some(lsn) = position(conn).await? {
        coherence.shown(lsn);
    }
    Ok(())
}

async fn position(conn: &AsyncPgConnection) -> QueryResult<Option<Lsn>> {
    let text: Option<String> = diesel::select(sql::<diesel::sql_types::Nullable<Text>>(POSITION))
        .get_result(&mut &*conn)
        .await?;
    Ok(text.as_deref().and_then(Lsn::parse))
}

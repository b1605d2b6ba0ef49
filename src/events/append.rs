//! Turns changes into events.

use crate::db::DbErrorKind;
use crate::error::{Error, Result};
use crate::state::{SharedState, State};
use diesel::QueryableByName;
use diesel::result::Error as DbError;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The pause after each pass: under load, a pass handles the changes of many writes.
const PAUSE: Duration = Duration::from_millis(50);

/// The time after which changes are looked for without a notification.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// How long a pass may take: an update of a million rows makes a million events.
const TIMEOUT: &str = "set local statement_timeout = '30min'; set local lock_timeout = '1s'";

#[derive(QueryableByName)]
struct Appended {
    #[diesel(sql_type = Nullable<BigInt>)]
    appended: Option<i64>,
}

/// Appends events for as long as the service runs.
pub async fn keep_appending(state: SharedState) {
    let invalidation = state.cache().invalidation();
    let mut changed = invalidation.changed();
    let mut failing = false;
    loop {
        match append(&state).await {
            Ok(n) => {
                failing = false;
                state.metrics().events().count_appended(n);
                if n > 0 {
                    // The streams of this instance need not wait for the next regular read.
                    invalidation.read_now();
                }
            }
            // Logged once, because the database may be unavailable for hours.
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                log::warn!("cannot append to the change feed, retrying: {error:?}");
            }
        }
        sleep(PAUSE).await;
        // A timeout means that it is time to look anyway.
        _ = timeout(MAX_WAIT, changed.changed()).await;
    }
}

async fn append(state: &State) -> Result<u64> {
    let mut conn = state.pool().get().await?;
    append_events(&mut conn).await
}

/// Appends the events of all changes so far; returns how many, 0 also while another instance does it.
///
/// # Errors
/// When the database fails; nothing is appended then.
pub async fn append_events(conn: &mut AsyncPgConnection) -> Result<u64> {
    let pass = async |conn: &mut AsyncPgConnection| {
        conn.batch_execute(TIMEOUT).await?;
        let pass = diesel::sql_query("select append_events() as appended");
        pass.get_result::<Appended>(conn).await
    };
    match conn.build_transaction().repeatable_read().run::<_, DbError, _>(pass).await {
        Ok(Appended { appended }) => {
            Ok(appended.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
        }
        // Another instance has appended meanwhile.
        Err(error) if DbErrorKind::of(&error) == DbErrorKind::SerializationFailure => Ok(0),
        Err(error) => Err(Error::from(error)),
    }
}

//! Listens for change notifications, and queries the database four times a second to confirm that
//! none is outstanding.
//!
//! PostgreSQL delivers the notifications of all transactions that committed before a statement
//! arrived before it returns the statement's result. So a result proves that all notifications up to
//! the time the statement was sent have been received.

use super::invalidation::Invalidation;
use super::replication_lsn::Lsn;
use super::versions::Change;
use crate::db::{ConnectError, Target};
use futures_util::StreamExt as _;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage};

/// The time between two queries that confirm that no notification is outstanding.
const CONFIRM_INTERVAL: Duration = Duration::from_millis(250);

/// How long the database may take for one step before the connection is replaced.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The delay before the first attempt to reconnect; it doubles after each attempt.
const MIN_RECONNECT_DELAY: Duration = Duration::from_millis(20);

/// The maximum delay between attempts to reconnect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// The query that confirms. It fails on a standby and on a former primary, which send no
/// notifications.
const CURRENT_LSN: &str = "select pg_current_wal_insert_lsn()";

/// Why the connection ended.
#[derive(Debug, thiserror::Error)]
enum ListenError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Connection(#[from] tokio_postgres::Error),
    #[error("the database closed the connection")]
    Closed,
    #[error("the database does not respond")]
    Timeout,
    #[error("the database returned no log position")]
    NoLsn,
}

/// Listens for changes, and reconnects when the connection is lost.
///
/// Returns only if a connection pooler is in use, because poolers in transaction mode forward no
/// notifications.
pub async fn listen(invalidation: Arc<Invalidation>, target: Target, pooled: bool) {
    if pooled || target.pgbouncer() {
        log::warn!(
            "no notifications arrive through a connection pooler: cached responses may be up to one \
             second old"
        );
        return;
    }
    let mut delay = MIN_RECONNECT_DELAY;
    let mut reported = false;
    loop {
        let Err(error) = run_session(&invalidation, &target, &mut reported).await;
        if invalidation.disconnected() {
            delay = MIN_RECONNECT_DELAY;
        }
        if !reported {
            reported = true;
            log::warn!("cannot listen for changes by other instances, reconnecting: {error}");
        }
        sleep(delay).await;
        delay = (delay * 2).min(MAX_RECONNECT_DELAY);
    }
}

/// Runs one connection until it is lost. `reported` says that its loss has been logged.
async fn run_session(
    invalidation: &Invalidation,
    target: &Target,
    reported: &mut bool,
) -> Result<Infallible, ListenError> {
    let connection = timeout(RESPONSE_TIMEOUT, Box::pin(target.connect_with_messages())).await;
    let (client, mut messages) = connection.map_err(|_elapsed| ListenError::Timeout)??;
    let receive = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message? {
                let payload = notification.payload();
                parse_payload(payload, |change| invalidation.handle_notification(change));
            }
        }
        Err(ListenError::Closed)
    };
    let confirm = async {
        let listening = timeout(RESPONSE_TIMEOUT, client.batch_execute("listen roundup")).await;
        listening.map_err(|_elapsed| ListenError::Timeout)??;
        invalidation.connected(current_lsn(&client).await?);
        if std::mem::take(reported) {
            log::info!("listening for changes by other instances again");
        }
        loop {
            let sent = invalidation.start_read();
            let lsn = current_lsn(&client).await?;
            invalidation.confirm(sent, lsn);
            // A timeout means that it is time for the regular confirmation.
            _ = timeout(CONFIRM_INTERVAL, invalidation.confirmation_wanted()).await;
        }
    };
    tokio::select! {
        // Notifications must be handled before the result that confirms them.
        biased;
        result = receive => result,
        result = confirm => result,
    }
}

async fn current_lsn(client: &Client) -> Result<Lsn, ListenError> {
    let result = timeout(RESPONSE_TIMEOUT, client.simple_query(CURRENT_LSN)).await;
    let messages = result.map_err(|_elapsed| ListenError::Timeout)??;
    let text = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    text.and_then(Lsn::parse).ok_or(ListenError::NoLsn)
}

/// Parses a notification payload and passes the change to `handle`: `lists`, or the ids of articles
/// with spaces between them. Any other payload, also one of a newer version, means that everything
/// may have changed.
fn parse_payload<T>(payload: &str, handle: impl FnOnce(Change<'_>) -> T) -> T {
    if payload == "lists" {
        return handle(Change::Lists);
    }
    match payload.split(' ').map(str::parse).collect::<Result<Vec<i64>, _>>() {
        Ok(ids) => handle(Change::Articles(&ids)),
        Err(_) => handle(Change::Everything),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_payload_means_that_everything_changed() {
        for (payload, expected) in [
            ("lists", "Lists"),
            ("7", "Articles([7])"),
            ("7 8", "Articles([7, 8])"),
            ("all", "Everything"),
            ("", "Everything"),
            ("7 feeds", "Everything"),
        ] {
            let change = parse_payload(payload, |change| format!("{change:?}"));
            assert_eq!(change, expected, "{payload:?}");
        }
    }
}

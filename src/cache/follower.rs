//! Follows the table `changes`: reads what was committed since the last time, 20 times a second and
//! whenever a write of this instance has ended.
//!
//! A transaction has its id before it commits, so ids do not say what is new. Each query therefore returns
//! its snapshot, and the next one reads the rows whose transaction that snapshot did not see: every committed
//! row is read exactly once, however long its transaction took. So a result proves that all changes up to
//! the time the query was sent are known.

use super::invalidation::Invalidation;
use super::replication_lsn::Lsn;
use super::versions::Change;
use crate::db::{ConnectError, Target};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Statement};

/// The time between two queries.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long the database may take for one step before the connection is replaced.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The delay before the first attempt to reconnect; it doubles after each attempt.
const MIN_RECONNECT_DELAY: Duration = Duration::from_millis(20);

/// The maximum delay between attempts to reconnect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// The maximum number of changes that are told apart; more of them at once count as `all`.
const MAX_CHANGES: usize = 4000;

/// Why the connection ended.
#[derive(Debug, thiserror::Error)]
enum FollowError {
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

/// The state of the database at one moment.
struct Moment {
    /// `pg_current_snapshot()`.
    snapshot: String,
    /// The primary's position in its log.
    lsn: Lsn,
    /// The id of the last event.
    last_event: i64,
}

/// Follows the changes, and reconnects when the connection is lost.
pub async fn follow(invalidation: Arc<Invalidation>, target: Target) -> Infallible {
    let mut delay = MIN_RECONNECT_DELAY;
    let mut reported = false;
    loop {
        let Err(error) = run_session(&invalidation, &target, &mut reported).await;
        if invalidation.disconnected() {
            delay = MIN_RECONNECT_DELAY;
        }
        if !reported {
            reported = true;
            log::warn!("cannot follow the changes of other instances, reconnecting: {error}");
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
) -> Result<Infallible, FollowError> {
    let connecting = timeout(RESPONSE_TIMEOUT, Box::pin(target.connect()));
    let (client, connection) = connecting.await.map_err(|_elapsed| FollowError::Timeout)??;
    let polling = async {
        let statement = within(client.prepare(CHANGES)).await?;
        // Nothing is known of what was committed before the first snapshot.
        let (first, _) = poll(&client, &statement, None).await?;
        invalidation.connected(first.lsn);
        if std::mem::take(reported) {
            log::info!("following the changes of other instances again");
        }
        let mut snapshot = first.snapshot;
        loop {
            // A timeout means that it is time for the regular query.
            _ = timeout(POLL_INTERVAL, invalidation.confirmation_wanted()).await;
            let sent = invalidation.start_read();
            let (now, changes) = poll(&client, &statement, Some(&snapshot)).await?;
            parse_changes(&changes, |change| invalidation.handle_change(change));
            invalidation.confirm(sent, now.lsn);
            invalidation.report_events(!changes.is_empty(), now.last_event);
            snapshot = now.snapshot;
        }
    };
    tokio::select! {
        result = polling => result,
        ended = connection => Err(ended.map_or_else(FollowError::Connection, |()| FollowError::Closed)),
    }
}

/// Selects the present snapshot, the primary's position in its log, the last event, and what changed since the
/// snapshot `$1`: article ids and kinds with spaces between them. [`MAX_CHANGES`] and one more are read, those
/// that only make events last.
///
/// `pg_current_wal_insert_lsn` fails on a standby and on a former primary, which would miss changes. Rows of
/// future transactions come from a restored dump of another database.
const CHANGES: &str = "
    select pg_current_snapshot()::text, pg_current_wal_insert_lsn()::text,
        (select last_id from event_log), coalesce(
        (select string_agg(coalesce(article_id::text, kind), ' ')
         from (select article_id, kind from changes
               where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
                 and xid < pg_snapshot_xmax(pg_current_snapshot())
                 and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
               order by kind in ('draft', 'held', 'report', 'outlet', 'tag', 'job', 'webhook'), xid
               limit 4001) c), '')";

/// Returns the present moment and the changes since a snapshot; without one, no changes.
async fn poll(
    client: &Client,
    statement: &Statement,
    since: Option<&str>,
) -> Result<(Moment, String), FollowError> {
    let row = within(client.query_one(statement, &[&since])).await?;
    let lsn = Lsn::parse(row.get(1)).ok_or(FollowError::NoLsn)?;
    Ok((Moment { snapshot: row.get(0), lsn, last_event: row.get(2) }, row.get(3)))
}

/// Limits the time of one step.
async fn within<T>(
    step: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, FollowError> {
    Ok(timeout(RESPONSE_TIMEOUT, step).await.map_err(|_elapsed| FollowError::Timeout)??)
}

/// The kinds that only make events. What the public sees of them has other kinds.
const EVENT_KINDS: [&str; 7] = ["draft", "held", "report", "outlet", "tag", "job", "webhook"];

/// Parses the changes and passes each to `handle`: `lists`, or the ids of articles. Any other kind, also one
/// of a newer version, means that everything may have changed.
fn parse_changes(text: &str, mut handle: impl FnMut(Change<'_>)) {
    if text.is_empty() {
        return;
    }
    let (mut articles, mut lists, mut others) = (Vec::new(), false, false);
    let mut rows = 0;
    for word in text.split(' ').filter(|word| !EVENT_KINDS.contains(word)) {
        rows += 1;
        match word.parse::<i64>() {
            Ok(id) => articles.push(id),
            Err(_) if word == "lists" => lists = true,
            Err(_) => others = true,
        }
    }
    if others || rows > MAX_CHANGES {
        handle(Change::Everything);
    } else if !articles.is_empty() {
        handle(Change::Articles(&articles));
    } else if lists {
        handle(Change::Lists);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_one_event() {
        let many = "7 ".repeat(MAX_CHANGES) + "8";
        for (text, expected) in [
            ("", ""),
            ("lists", "Lists"),
            ("draft held", ""),
            ("outlet lists", "Lists"),
            ("7", "Articles([7])"),
            ("7 lists 8", "Articles([7, 8])"),
            ("7 site", "Everything"),
            ("all", "Everything"),
            ("feeds", "Everything"),
            (many.as_str(), "Everything"),
        ] {
            let mut found = String::new();
            parse_changes(text, |change| found.push_str(&format!("{change:?}")));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}

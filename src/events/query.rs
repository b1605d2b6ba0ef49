//! The statements that read events.

use super::cursor::Cursor;
use super::model::{EventFilter, StoredEvent};
use crate::error::{Code, Error, Result};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The state of the log of events.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Log {
    /// The token of the present epoch.
    #[diesel(sql_type = Text)]
    pub(crate) epoch: String,
    /// The id of the last event.
    #[diesel(sql_type = BigInt)]
    pub(crate) last_id: i64,
    /// The last id that was deleted because of its age.
    #[diesel(sql_type = BigInt)]
    pub(crate) expired_id: i64,
}

const LOG: &str = "
    select (select token from event_epochs order by number desc limit 1) as epoch, last_id, expired_id
    from event_log";

/// Returns the state of the log.
///
/// # Errors
/// When the database does not respond.
pub(crate) async fn log(conn: &AsyncPgConnection) -> Result<Log> {
    Ok(diesel::sql_query(LOG).get_result(&mut &*conn).await?)
}

/// The last event of an epoch that later epochs have too; null if there is no later one.
#[derive(QueryableByName)]
struct EpochEnd {
    #[diesel(sql_type = Nullable<BigInt>)]
    last_id: Option<i64>,
}

const EPOCH_END: &str = "
    select (select min(n.after_id) from event_epochs n where n.number > e.number) as last_id
    from event_epochs e where e.token = $1";

/// Returns the id of the event after which to read.
///
/// # Errors
/// 400 for text that is not a cursor; 410 when events after it may be missing: they have been deleted, or the
/// database was restored or has failed over.
pub(super) async fn start(conn: &AsyncPgConnection, log: &Log, since: &str) -> Result<i64> {
    if since == "now" {
        return Ok(log.last_id);
    }
    let bad = || Error::parameter("since", Code::BadCursor, "`since` is not a cursor of the feed");
    let cursor = Cursor::parse(since).ok_or_else(bad)?;
    let end = diesel::sql_query(EPOCH_END).bind::<Text, _>(&cursor.epoch);
    let end: Option<EpochEnd> = end.get_result(&mut &*conn).await.optional()?;
    let Some(end) = end else { return Err(expired("is of another database")) };
    if cursor.id > end.last_id.unwrap_or(log.last_id).min(log.last_id) {
        return Err(expired("is newer than this copy of the database"));
    }
    if cursor.id < log.expired_id {
        return Err(expired("is older than the changes that are kept"));
    }
    Ok(cursor.id)
}

fn expired(why: &str) -> Error {
    let detail = format!("the cursor {why}: read the lists again, and continue from `since=now`");
    Error::new(Code::CursorExpired, detail)
}

const PAGE: &str = "
    select id, kind, object_kind, object_id, article_id, version, at, for_editors from events
    where id > $1 and ($2 or not for_editors) and ($3 is null or kind = any ($3))
    order by id limit $4";

/// Returns the next events after an id.
///
/// # Errors
/// When the database does not respond.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    after: i64,
    filter: &EventFilter,
    limit: i64,
) -> Result<Vec<StoredEvent>> {
    let query = diesel::sql_query(PAGE)
        .bind::<BigInt, _>(after)
        .bind::<Bool, _>(filter.for_editors)
        .bind::<Nullable<Array<Text>>, _>(filter.types.as_deref())
        .bind::<BigInt, _>(limit);
    Ok(query.load(&mut &*conn).await?)
}

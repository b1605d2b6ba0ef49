//! Deletes old events.

use crate::error::Result;
use diesel::sql_types::Integer;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Marks events that are too old as expired, and deletes some of them.
const EXPIRE: &str = "
    with expired as (
        select coalesce(max(id), 0) as id from events where at < now() - make_interval(days => $1)),
    marked as (
        update event_log l set expired_id = e.id from expired e where e.id > l.expired_id)
    delete from events where id in (
        select id from events where id <= (select id from expired) order by id limit 5000)";

/// Deletes some of the events that have one of the same type and object after them which is an hour old. A
/// reader who follows the feed has seen them by then, and for others the last one counts.
const COMPACT: &str = "
    delete from events where id in (
        select former.id from events last join events former using (object_kind, object_id, kind, for_editors)
        where last.at between now() - interval '3 hours' and now() - interval '1 hour' and former.id < last.id
        limit 5000)";

/// Deletes a batch of events that are no longer needed; returns how many. Must be called until it returns 0.
///
/// # Errors
/// When the database fails.
pub async fn delete_old_events(conn: &AsyncPgConnection, days: u32) -> Result<usize> {
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let expired = diesel::sql_query(EXPIRE).bind::<Integer, _>(days).execute(&mut &*conn).await?;
    let compacted = diesel::sql_query(COMPACT).execute(&mut &*conn).await?;
    Ok(expired + compacted)
}

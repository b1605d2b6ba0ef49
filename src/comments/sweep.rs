//! Deletes expired data of comments: hashes of readers' IP addresses, and tombstones without replies.

use crate::config::Config;
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Delete hashes of IP addresses older than `$1`, in batches of 1,000 rows.
const CLIENT_HASHES: [&str; 2] = [
    "update comments set client_hash = null where id in (select id from comments
        where client_hash is not null and listed_at <= $1 order by listed_at limit 1000 for update skip locked)",
    "update comment_reports set client_hash = null where id in (select id from comment_reports
        where client_hash is not null and at <= $1 order by at limit 1000 for update skip locked)",
];

/// Deletes erased comments without replies. Locks the article first, as every write to comments
/// does.
const TOMBSTONES: &str = "with bare as (
        select c.id, c.article_id from comments c
        where c.status = 'deleted' and c.former_status is null and c.source is null
          and not exists (select from comments r where r.parent_id = c.id) limit 1000),
    held as materialized (
        select a.id from articles a where a.id in (select article_id from bare)
        order by a.id for no key update)
    delete from comments c using bare, held where c.id = bare.id and bare.article_id = held.id
      and not exists (select from comments r where r.parent_id = c.id)";

/// Deletes a batch of expired data; returns how many rows were changed. Must be called until it
/// returns 0.
///
/// # Errors
/// When the database fails; what was done until then stays done.
pub async fn sweep(conn: &AsyncPgConnection, config: &Config, now: DateTime<Utc>) -> Result<usize> {
    let before = now - TimeDelta::days(config.address_days.into());
    let mut touched = 0;
    for statement in CLIENT_HASHES {
        let query = diesel::sql_query(statement).bind::<Timestamptz, _>(before);
        touched += query.execute(&mut &*conn).await?;
    }
    Ok(touched + diesel::sql_query(TOMBSTONES).execute(&mut &*conn).await?)
}

//! Whether an editor vouches for an outlet. One that a reading of a text created is unconfirmed: it is no
//! evidence for later readings, and is deleted when no link credits it any more.

use super::directory::{Directory, Lookups};
use super::input::ProposedHost;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// Locks several outlets in the order of their ids, as everybody does who locks several.
const CONFIRM: &str = "
    update outlets set confirmed = true, version = version + 1, updated_at = now()
    where id in (
        select id from outlets where id = any ($1) and not confirmed order by id for no key update
    )";

/// Confirms those of these outlets that are not. Must follow `refresh_articles`, which locks counters.
///
/// # Errors
/// When the database fails.
pub async fn confirm(conn: &mut AsyncPgConnection, ids: &[i64]) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let statement = diesel::sql_query(CONFIRM).bind::<Array<BigInt>, _>(ids);
    Ok(statement.execute(conn).await?)
}

/// Whether no import runs, which remembers the outlets it found, and nobody writes an article. They wait
/// until the transaction ends.
const LOCK_OUT_WRITERS: &str = "
    select pg_try_advisory_xact_lock(hashtext('roundup import'))
        and pg_try_advisory_xact_lock(hashtextextended('roundup articles', 0)) as locked";

const DELETE_UNUSED: &str = "
    delete from outlets where id in (
        select id from outlets o
        where not confirmed and not exists (select from link_credits k where k.outlet_id = o.id)
        order by id for update skip locked
    )";

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Deletes unconfirmed outlets that no link credits, unless articles are being written; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_unused(conn: &mut AsyncPgConnection) -> Result<usize> {
    let lock: Lock = diesel::sql_query(LOCK_OUT_WRITERS).get_result(conn).await?;
    if !lock.locked {
        return Ok(0);
    }
    Ok(diesel::sql_query(DELETE_UNUSED).execute(conn).await?)
}

/// The hosts of at least two of the last thousand links that credit an outlet, where no link at that host
/// credits another outlet.
const AGREED_HOSTS: &str = "
    select found.outlet_id, found.host, found.link_count
    from (
        select o.id as outlet_id, l.domain as host, count(*) as link_count
        from unnest($1) as o (id)
        cross join lateral (
            select k.link_id from link_credits k where k.outlet_id = o.id
            order by k.published_at desc, k.link_id desc limit 1000
        ) k
        join links l on l.id = k.link_id
        where l.domain is not null
        group by o.id, l.domain
        having count(*) >= 2
    ) found
    where not exists (
        select from links l join link_credits k on k.link_id = l.id
        where l.domain = found.host and l.published_at is not null and k.outlet_id <> found.outlet_id
    )
    order by found.link_count desc, found.host";

#[derive(QueryableByName)]
struct AgreedHost {
    #[diesel(sql_type = BigInt)]
    outlet_id: i64,
    #[diesel(sql_type = Text)]
    host: String,
    #[diesel(sql_type = BigInt)]
    link_count: i64,
}

/// Returns, for each of these outlets, the hosts that its links agree on and that belong to no outlet yet.
pub(super) async fn proposed_hosts(
    conn: &AsyncPgConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<ProposedHost>>> {
    let query = diesel::sql_query(AGREED_HOSTS).bind::<Array<BigInt>, _>(ids);
    let agreed: Vec<AgreedHost> = query.load(&mut &*conn).await?;
    let mut lookups = Lookups::default();
    for found in &agreed {
        lookups.host(&found.host);
    }
    let (directory, ()) = Directory::load_for(conn, lookups, |_| ()).await?;
    let mut proposed: HashMap<i64, Vec<ProposedHost>> = HashMap::new();
    for AgreedHost { outlet_id, host, link_count } in agreed {
        if directory.at_host(&host).is_none() {
            proposed.entry(outlet_id).or_default().push(ProposedHost { host, link_count });
        }
    }
    Ok(proposed)
}

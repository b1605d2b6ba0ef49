//! Keeps the search documents: follows the table `changes`, and indexes what it names.
//!
//! A write does not wait for it; a search finds the new text within a second. Every instance looks four times
//! a second, and the one that gets the lock does the work. The progress is stored in the same transaction
//! (`search_progress`), so after a crash nothing is skipped.
//!
//! A transaction has its id before it commits, so ids do not say what is new. A pass reads the rows that a
//! snapshot sees and the one of the last pass did not: every committed row is read once, however long its
//! transaction took.

use crate::error::Result;
use crate::schema::{comments, links};
use crate::state::SharedState;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::{
    AsyncConnection as _, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _,
};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// The time between two looks at the changes.
const INTERVAL: Duration = Duration::from_millis(250);

/// The maximum number of changes that are indexed in one transaction.
const BATCH: u16 = 500;

/// The maximum number of rows that are indexed by one statement.
const ROWS: usize = 500;

/// How long one statement may take: a row may have a long text. A locked table is tried again later, so that
/// the connection is free meanwhile.
const TIMEOUTS: &str = "set local statement_timeout = '1min'; set local lock_timeout = '1s'";

/// A row of `changes`.
#[derive(Debug, Clone, QueryableByName)]
struct ChangeRow {
    #[diesel(sql_type = Text)]
    xid: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    object_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    article_id: Option<i64>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// How far the changes are indexed.
#[derive(Debug, QueryableByName)]
struct Progress {
    /// The snapshot of the last pass: what it sees is indexed.
    #[diesel(sql_type = Text)]
    done: String,
    /// The snapshot of the present pass.
    #[diesel(sql_type = Text)]
    target: String,
    /// The last row of the present pass.
    #[diesel(sql_type = Text)]
    xid: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    object_id: i64,
}

/// Returns the progress; without a pass, one up to the present begins. In a database that was restored from a
/// dump the transaction ids start over, and a progress in the future counts as none.
const PROGRESS: &str = "
    select case when is_past then done else '3:3:' end as done,
        case when is_past then coalesce(target, now.snapshot::text) else now.snapshot::text end as target,
        case when is_past then xid else '0' end::text as xid, kind, object_id
    from search_progress p, pg_current_snapshot() as now (snapshot),
        lateral (select pg_snapshot_xmax(coalesce(target, done)::pg_snapshot)
            <= pg_snapshot_xmax(now.snapshot) as is_past) x";

/// The next changes of the pass.
const NEXT: &str = "
    select xid::text as xid, kind, object_id, article_id from changes
    where xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)
      and pg_visible_in_snapshot(xid, $2::pg_snapshot)
      and (xid, kind, object_id) > ($3::xid8, $4, $5)
    order by xid, kind, object_id limit $6";

/// Stores the last row of the pass.
const GO_ON: &str = "
    update search_progress set done = $1, target = $2, xid = $3::xid8, kind = $4, object_id = $5";

/// Ends the pass.
const END: &str =
    "update search_progress set done = $1, target = null, xid = '0', kind = '', object_id = 0";

/// Keeps the search documents for as long as the service runs.
pub async fn keep_indexing(state: SharedState) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        match index(&state).await {
            Ok(_) => failing = false,
            // Logged once, because the database may be unavailable for hours.
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                log::warn!("cannot update the search index, retrying: {error:?}");
            }
        }
    }
}

async fn index(state: &SharedState) -> Result<usize> {
    let mut conn = state.pool().get().await?;
    index_changes(&mut conn).await
}

/// Indexes all changes so far; returns how many.
///
/// # Errors
/// When the database fails; what was indexed until then stays indexed.
pub async fn index_changes(conn: &mut AsyncPgConnection) -> Result<usize> {
    // Most of the time there is nothing to do, and nothing to lock.
    let progress: Progress = diesel::sql_query(PROGRESS).get_result(conn).await?;
    if next(conn, &progress, 1).await?.is_empty() {
        return Ok(0);
    }
    let mut indexed = 0;
    loop {
        let batch = conn.transaction(async |conn| index_batch(conn).await).await?;
        indexed += batch;
        if batch < usize::from(BATCH) {
            return Ok(indexed);
        }
    }
}

/// Returns the changes that follow.
async fn next(
    conn: &mut AsyncPgConnection,
    progress: &Progress,
    limit: u16,
) -> Result<Vec<ChangeRow>> {
    let next = diesel::sql_query(NEXT)
        .bind::<Text, _>(&progress.done)
        .bind::<Text, _>(&progress.target)
        .bind::<Text, _>(&progress.xid)
        .bind::<Text, _>(&progress.kind)
        .bind::<BigInt, _>(progress.object_id)
        .bind::<BigInt, _>(i64::from(limit));
    Ok(next.load(conn).await?)
}

/// Indexes a batch of changes; returns how many, 0 also while another instance does it.
async fn index_batch(conn: &mut AsyncPgConnection) -> Result<usize> {
    conn.batch_execute(TIMEOUTS).await?;
    let lock = format!("{PROGRESS} for update of p skip locked");
    let progress: Option<Progress> = diesel::sql_query(lock).get_result(conn).await.optional()?;
    let Some(progress) = progress else { return Ok(0) };
    let rows = next(conn, &progress, BATCH).await?;
    index_rows(conn, &rows).await?;
    match rows.last() {
        Some(last) if rows.len() == usize::from(BATCH) => {
            diesel::sql_query(GO_ON)
                .bind::<Text, _>(&progress.done)
                .bind::<Text, _>(&progress.target)
                .bind::<Text, _>(&last.xid)
                .bind::<Text, _>(&last.kind)
                .bind::<BigInt, _>(last.object_id)
                .execute(conn)
                .await?;
        }
        _ => _ = diesel::sql_query(END).bind::<Text, _>(&progress.target).execute(conn).await?,
    }
    Ok(rows.len())
}

async fn index_rows(conn: &mut AsyncPgConnection, rows: &[ChangeRow]) -> Result<()> {
    let of = |kind: &str| -> Vec<i64> {
        let mut ids: Vec<i64> =
            rows.iter().filter(|row| row.kind == kind).map(|row| row.object_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let (articles, mut links, comments) = (of("article"), of("links"), of("comment"));
    if rows.iter().all(|row| row.article_id.is_none() && row.kind != "all") {
        return Ok(());
    }
    let moved: Vec<Id> = diesel::sql_query("select index_changed_articles($1) as id")
        .bind::<Array<BigInt>, _>(&articles)
        .load(conn)
        .await?;
    let moved: Vec<i64> = moved.into_iter().map(|row| row.id).collect();
    links.extend(&moved);
    let gone = "delete from search_documents d where d.kind = 'link' and d.article_id = any ($1) \
                and not exists (select from links l where l.id = d.id)";
    index_ids(conn, gone, &links).await?;
    let links = links::table.filter(links::article_id.eq_any(links)).select(links::id);
    let links: Vec<i64> = links.load(conn).await?;
    index_ids(conn, "select index_links($1)", &links).await?;
    index_ids(conn, "select index_changed_comments($1)", &comments).await?;
    for article in moved {
        let comments = comments::table.filter(comments::article_id.eq(article));
        let ids: Vec<i64> = comments.select(comments::id).load(conn).await?;
        index_ids(conn, "select index_changed_comments($1)", &ids).await?;
    }
    if rows.iter().any(|row| row.kind == "all") {
        let deleted = "delete from search_documents d where d.kind = 'comment' \
                       and not exists (select from comments c where c.id = d.id)";
        diesel::sql_query(deleted).execute(conn).await?;
    }
    // Cached results of a search are out of date now.
    let lists = "insert into changes (kind) values ('lists') on conflict do nothing";
    diesel::sql_query(lists).execute(conn).await?;
    Ok(())
}

/// Runs a statement for these ids, some at a time.
async fn index_ids(conn: &mut AsyncPgConnection, statement: &str, ids: &[i64]) -> Result<()> {
    for ids in ids.chunks(ROWS) {
        diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids).execute(conn).await?;
    }
    Ok(())
}

/// Deletes a batch of changes that are no longer needed; returns how many. Must be called until it returns 0.
///
/// # Errors
/// When the database fails.
pub async fn delete_old_changes(conn: &AsyncPgConnection) -> Result<usize> {
    Ok(diesel::sql_query(DELETE_OLD).execute(&mut &*conn).await?)
}

/// Deletes changes that are indexed, are events, and are an hour old: an instance that lost its connection trusts nothing that it had.
const DELETE_OLD: &str = "
    delete from changes where (xid, kind, object_id) in (
        select xid, kind, object_id from changes
        where xid < coalesce(
            (select xid from changes where at > clock_timestamp() - interval '1 hour'
             order by xid limit 1),
            pg_snapshot_xmax(pg_current_snapshot()))
          and pg_visible_in_snapshot(xid, (select done::pg_snapshot from search_progress))
          and coalesce(pg_visible_in_snapshot(xid, (select done::pg_snapshot from event_log)), true)
        order by xid limit 5000)";

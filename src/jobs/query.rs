//! The statements on jobs.

use super::model::{Job, JobRow, JobState};
use crate::db::keyset;
use crate::error::Result;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::jobs;
use crate::transfer::import::Progress;
use chrono::{DateTime, Utc};
use diesel::dsl::min;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// The states of a job that is not finished.
const UNFINISHED: [&str; 2] = ["queued", "running"];

/// The message of a job whose process has stopped.
const INTERRUPTED: &str = "The service stopped before this was done. What it had stored stays: send \
                           the file again, and only what is missing is stored.";

/// Stores a queued job.
pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    instance: i32,
    name: &str,
    size: u64,
    now: DateTime<Utc>,
) -> Result<Job> {
    let row: JobRow = diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq("import"),
            jobs::state.eq(JobState::Queued.as_str()),
            jobs::name.eq(name),
            jobs::progress_total.eq(i64::try_from(size).unwrap_or(i64::MAX)),
            jobs::instance.eq(instance),
            jobs::created_at.eq(now),
        ))
        .returning(JobRow::as_select())
        .get_result(conn)
        .await?;
    Ok(row.into_job(None))
}

/// Returns a page of all jobs, newest first, without their reports.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<Job>> {
    let query = JobRow::query().into_boxed::<Pg>();
    let query = keyset!(query, scan, true, Timestamptz, jobs::created_at, jobs::id);
    let rows: Vec<JobRow> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |row| (row.created_at, row.id));
    let total = total(conn, scan.count, || jobs::table.into_boxed::<Pg>()).await?;
    Ok(page.map(|row| row.into_job(None)).with_total(total))
}

/// Returns a job with its report.
pub async fn find(conn: &AsyncPgConnection, id: i64) -> Result<Option<Job>> {
    let found: Option<(JobRow, Option<Value>)> = jobs::table
        .find(id)
        .select((JobRow::as_select(), jobs::report))
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found.map(|(row, report)| row.into_job(report)))
}

#[derive(QueryableByName)]
struct Suspect {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The first key of the advisory lock that every process with jobs holds; the second is the number of the
/// process. It is "jobs" in ASCII.
const PRESENCE_LOCK: i32 = 0x6a_6f_62_73;

/// Takes the lock that shows that this process is running, for as long as the connection is open.
pub(super) async fn lock_presence(conn: &mut AsyncPgConnection, instance: i32) -> Result<()> {
    diesel::sql_query("select pg_advisory_lock($1, $2)")
        .bind::<Integer, _>(PRESENCE_LOCK)
        .bind::<Integer, _>(instance)
        .execute(conn)
        .await?;
    Ok(())
}

/// Marks the jobs without a process as interrupted: those of processes that have stopped, and those of
/// this process that it does not know.
pub(super) async fn end_lost(
    conn: &AsyncPgConnection,
    instance: i32,
    is_known: impl Fn(i64) -> bool,
    now: DateTime<Utc>,
) -> Result<usize> {
    let statement = "select id from jobs j where state in ('queued', 'running') and \
        (instance is null or instance = $1 or not exists ( \
            select from pg_locks l where l.locktype = 'advisory' and l.granted \
                and l.database = (select oid from pg_database where datname = current_database()) \
                and l.classid = $2::oid and l.objid = j.instance::oid and l.objsubid = 2))";
    let suspects: Vec<Suspect> = diesel::sql_query(statement)
        .bind::<Integer, _>(instance)
        .bind::<Integer, _>(PRESENCE_LOCK)
        .load(&mut &*conn)
        .await?;
    // A process registers a job before the row is visible, so a job that is not registered now is lost.
    let lost: Vec<i64> =
        suspects.iter().map(|suspect| suspect.id).filter(|id| !is_known(*id)).collect();
    if lost.is_empty() {
        return Ok(0);
    }
    let ended = diesel::update(jobs::table)
        .filter(jobs::id.eq_any(lost).and(jobs::state.eq_any(UNFINISHED)))
        .set((
            jobs::state.eq(JobState::Interrupted.as_str()),
            jobs::message.eq(INTERRUPTED),
            jobs::finished_at.eq(now),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(ended)
}

/// Returns whether a queued job is next; `None` if it is no longer queued.
pub(super) async fn is_next(conn: &AsyncPgConnection, id: i64) -> Result<Option<bool>> {
    let unfinished = jobs::table.filter(jobs::state.eq_any(UNFINISHED));
    let first: Option<i64> = unfinished.select(min(jobs::id)).first(&mut &*conn).await?;
    let queued = jobs::table.find(id).filter(jobs::state.eq(JobState::Queued.as_str()));
    let is_queued: bool =
        diesel::select(diesel::dsl::exists(queued)).get_result(&mut &*conn).await?;
    Ok(is_queued.then_some(first == Some(id)))
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Takes the lock of imports; returns false while another import runs, for example on the command line.
pub(super) async fn lock(conn: &mut AsyncPgConnection) -> Result<bool> {
    let statement = "select pg_try_advisory_lock(hashtext('roundup import')) as locked";
    let Locked { locked } = diesel::sql_query(statement).get_result(conn).await?;
    Ok(locked)
}

/// Marks a job as running.
pub(super) async fn start(conn: &AsyncPgConnection, id: i64, now: DateTime<Utc>) -> Result<()> {
    diesel::update(jobs::table.find(id))
        .set((jobs::state.eq(JobState::Running.as_str()), jobs::started_at.eq(now)))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Stores the progress of a job.
pub(super) async fn advance(conn: &AsyncPgConnection, id: i64, progress: Progress) -> Result<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    diesel::update(jobs::table.find(id))
        .set((
            jobs::progress_read.eq(number(progress.read)),
            jobs::progress_records.eq(number(progress.records)),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// The end of a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct End {
    pub(super) state: JobState,
    pub(super) report: Option<Value>,
    pub(super) message: Option<String>,
}

/// Stores the end of a job.
pub(super) async fn finish(
    conn: &mut AsyncPgConnection,
    id: i64,
    end: &End,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::state.eq(end.state.as_str()),
            jobs::report.eq(&end.report),
            jobs::message.eq(&end.message),
            jobs::finished_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

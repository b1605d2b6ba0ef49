//! The statements on jobs.

use super::model::{Job, JobRow, JobState};
use crate::db::keyset;
use crate::error::Result;
use crate::import::Progress;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::jobs;
use chrono::{DateTime, Utc};
use diesel::dsl::min;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// The states of a job that is not over.
const OPEN: [&str; 2] = ["queued", "running"];

/// The message of a job whose process has ended.
const INTERRUPTED: &str = "The service ended before this was done. What had gone in stays: send \
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
    Ok(row.shown(None))
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
    Ok(page.map(|row| row.shown(None)).with_total(total))
}

/// Returns a job with its report.
pub(super) async fn find(conn: &AsyncPgConnection, id: i64) -> Result<Option<Job>> {
    let found: Option<(JobRow, Option<Value>)> = jobs::table
        .find(id)
        .select((JobRow::as_select(), jobs::report))
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(found.map(|(row, report)| row.shown(report)))
}

#[derive(QueryableByName)]
struct Suspect {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The number under which every process that has jobs holds an advisory lock, together with its
/// own number: "jobs" in ASCII.
const PRESENCE: i32 = 0x6a_6f_62_73;

/// Takes the lock that shows that this process lives, for as long as the connection does.
pub(super) async fn be_present(conn: &mut AsyncPgConnection, instance: i32) -> Result<()> {
    diesel::sql_query("select pg_advisory_lock($1, $2)")
        .bind::<Integer, _>(PRESENCE)
        .bind::<Integer, _>(instance)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the jobs without a process: those of processes that have ended, and those of this
/// one that it does not know.
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
        .bind::<Integer, _>(PRESENCE)
        .load(&mut &*conn)
        .await?;
    // A job is known before it can be seen in the table, so what is not known now is lost.
    let lost: Vec<i64> = suspects.iter().map(|one| one.id).filter(|id| !is_known(*id)).collect();
    if lost.is_empty() {
        return Ok(0);
    }
    let ended = diesel::update(jobs::table)
        .filter(jobs::id.eq_any(lost).and(jobs::state.eq_any(OPEN)))
        .set((
            jobs::state.eq(JobState::Interrupted.as_str()),
            jobs::message.eq(INTERRUPTED),
            jobs::finished_at.eq(now),
        ))
        .execute(&mut &*conn)
        .await?;
    Ok(ended)
}

/// Whether a job that waits is next; none if it was ended meanwhile.
pub(super) async fn is_next(conn: &AsyncPgConnection, id: i64) -> Result<Option<bool>> {
    let open = jobs::table.filter(jobs::state.eq_any(OPEN));
    let first: Option<i64> = open.select(min(jobs::id)).first(&mut &*conn).await?;
    let waits = jobs::table.find(id).filter(jobs::state.eq(JobState::Queued.as_str()));
    let waits: bool = diesel::select(diesel::dsl::exists(waits)).get_result(&mut &*conn).await?;
    Ok(waits.then_some(first == Some(id)))
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Takes the lock of imports, if no other import runs, for example one of the command line.
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

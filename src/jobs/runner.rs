//! Runs jobs: each in its own task, which waits until it is the oldest job of the site.

use super::model::JobState;
use super::query::{self, End};
use super::queue::JobQueue;
use super::upload::{self, Upload};
use crate::audit::{self, Actor};
use crate::cache::Change;
use crate::error::{Error, Result};
use crate::import::{self, Options, Progress, Report, Source};
use crate::jobs::queue::{OwnJob, QueuedImport};
use crate::response::StoredResponse;
use crate::state::{SharedState, State};
use actix_web::web::Data;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

/// The interval at which a queued job checks whether it is next and a running one stores its progress.
const POLL: Duration = Duration::from_millis(300);

/// The number of attempts to store the end of a job while the database is unavailable, and the pause
/// between them.
const ATTEMPTS: u32 = 60;
const REST: Duration = Duration::from_secs(1);

/// The maximum size of a stored report in bytes.
const LONGEST: usize = 32 << 20;

/// A connection that tells others that this process lives; while there are jobs.
type Presence = Arc<Mutex<Option<AsyncPgConnection>>>;

/// Does the jobs that are handed in, for as long as the service runs.
pub async fn run(state: SharedState, queue: Data<JobQueue>) {
    let Some(mut inbox) = queue.inbox() else { return };
    upload::sweep(state.config());
    let presence = Presence::default();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            ticket = inbox.recv() => {
                let Some(ticket) = ticket else { return };
                tasks.spawn(attend(state.clone(), queue.clone(), Arc::clone(&presence), ticket));
            }
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended {
                    log::error!("a job broke off: {error}");
                }
                if tasks.is_empty() {
                    *presence.lock().await = None;
                }
            }
        }
    }
}

/// Ends the jobs of processes that are gone; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn sweep(state: &State, queue: &JobQueue) -> Result<usize> {
    let now = state.clock().now();
    state
        .read(async |conn| query::end_lost(conn, queue.instance, |id| queue.knows(id), now).await)
        .await
}

/// Gives a ticket its row, answers, and does the job.
async fn attend(
    state: SharedState,
    queue: Data<JobQueue>,
    presence: Presence,
    ticket: QueuedImport,
) {
    let QueuedImport { name, upload, options, attempt, actor, room, answer } = ticket;
    let made = async {
        be_present(&state, queue.instance, &presence).await?;
        let (instance, size, now) = (queue.instance, upload.size, state.clock().now());
        let (name, queue) = (name.clone(), queue.clone());
        let (tell, told) = tokio::sync::oneshot::channel::<OwnJob>();
        let detail = json!({ "filename": name, "bytes": size, "dry_run": options.dry_run });
        let answer = State::write_once(&state, attempt, move |conn| {
            Box::pin(async move {
                let job = query::insert(conn, instance, &name, size, now).await?;
                // Before the commit: what can be seen in the table is known.
                let own = queue.own(job.id);
                let object = ("job", Some(job.id));
                audit::record(conn, &actor, now, "import.create", object, detail).await?;
                // The other end waits for this very write.
                let _ = tell.send(own);
                StoredResponse::accepted(&job, &format!("/api/v1/admin/jobs/{}", job.id))
            })
        })
        .await?;
        Ok((answer, told.await.ok()))
    };
    let (result, own) = match made.await {
        Ok((answer, own)) => (Ok(answer), own),
        Err(error) => (Err(error), None),
    };
    // Whoever asked may have hung up meanwhile.
    let _ = answer.send(result);
    if let Some(own) = own {
        carry_out(&state, &queue, &own, &name, upload, options).await;
    }
    drop(room);
}

async fn be_present(state: &State, instance: i32, presence: &Presence) -> Result<()> {
    let mut held = presence.lock().await;
    if let Some(conn) = held.as_mut()
        && conn.batch_execute("select 1").await.is_ok()
    {
        return Ok(());
    }
    let mut conn = state.pool().target().establish().await.map_err(Error::unavailable)?;
    query::be_present(&mut conn, instance).await?;
    *held = Some(conn);
    Ok(())
}

/// Waits until the job is next, does it, and writes down how it ended.
async fn carry_out(
    state: &SharedState,
    queue: &JobQueue,
    own: &OwnJob,
    name: &str,
    upload: Upload,
    options: Options,
) {
    if !wait(state, queue, own.id).await {
        return;
    }
    let end = match work(state, own.id, name, &upload, options).await {
        Ok(report) => judged(report),
        Err(error) => {
            log::error!("job {}: {error:?}", own.id);
            let message = "The database failed before anything was read: send the file again.";
            End { state: JobState::Failed, report: None, message: Some(message.to_owned()) }
        }
    };
    drop(upload);
    // Here at once; other instances hear of it from the database.
    state.invalidate(Change::Everything);
    for _ in 0..ATTEMPTS {
        match finish(state, own.id, end.clone()).await {
            Ok(()) => return,
            Err(error) => log::warn!("the end of job {} cannot be written: {error:?}", own.id),
        }
        tokio::time::sleep(REST).await;
    }
}

/// Whether the job's turn has come; it has not when somebody ended the job meanwhile.
async fn wait(state: &State, queue: &JobQueue, id: i64) -> bool {
    loop {
        let next = async {
            sweep(state, queue).await?;
            state.read(async |conn| query::is_next(conn, id).await).await
        };
        match next.await {
            Ok(Some(true)) => return true,
            Ok(Some(false)) => {}
            Ok(None) => return false,
            Err(error) => log::warn!("job {id} waits: {error:?}"),
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn work(
    state: &SharedState,
    id: i64,
    name: &str,
    upload: &Upload,
    options: Options,
) -> Result<Report> {
    let mut conn = state.pool().target().establish().await.map_err(Error::unavailable)?;
    conn.batch_execute("set statement_timeout = 0").await?;
    while !query::lock(&mut conn).await? {
        tokio::time::sleep(POLL).await;
    }
    let now = state.clock().now();
    state.read(async |conn| query::start(conn, id, now).await).await?;
    let (tell, told) = watch::channel(Progress { read: 0, total: upload.size, records: 0 });
    let mut progress = |at: Progress| {
        tell.send_replace(at);
    };
    let sources = vec![Source::opened(name, Arc::clone(&upload.file))];
    let done = import::import_sources(&mut conn, sources, options, now, &mut progress);
    let report = tokio::select! {
        report = done => report?,
        never = note(state, id, told.clone()) => match never {},
    };
    let last = *told.borrow();
    state.read(async |conn| query::advance(conn, id, last).await).await?;
    Ok(report)
}

/// Writes down how far a job is, whenever it has come further, until it is dropped.
async fn note(
    state: &State,
    id: i64,
    mut told: watch::Receiver<Progress>,
) -> std::convert::Infallible {
    loop {
        if told.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let at = *told.borrow_and_update();
        if let Err(error) = state.read(async |conn| query::advance(conn, id, at).await).await {
            log::debug!("the progress of job {id} cannot be written: {error:?}");
        }
        tokio::time::sleep(POLL).await;
    }
}

/// How a job ended that has a report.
fn judged(mut report: Report) -> End {
    let first = report.skipped.iter().find(|skipped| skipped.kind == "error");
    let (state, message) = match (report.failed, first) {
        (0, _) => (JobState::Done, None),
        (failed, first) => {
            let first = first.map_or_else(String::new, |s| format!("{}: {}", s.position, s.reason));
            let message: String = format!("{failed} failed, the first: {first}");
            (JobState::Failed, Some(storable(&message).chars().take(3000).collect()))
        }
    };
    report.shorten(LONGEST);
    let mut report = serde_json::to_value(report).ok();
    if let Some(report) = &mut report {
        clean(report);
    }
    End { state, report, message }
}

/// PostgreSQL stores no NUL; the name of a file in an archive may hold one.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = storable(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => members.values_mut().for_each(clean),
        _ => {}
    }
}

async fn finish(state: &SharedState, id: i64, end: End) -> Result<()> {
    let now = state.clock().now();
    State::write(state, move |conn| {
        Box::pin(async move {
            query::finish(conn, id, &end, now).await?;
            let detail = json!({ "state": end.state });
            let object = ("job", Some(id));
            audit::record(conn, &Actor::service(), now, "import.finish", object, detail).await
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_first_is_the_message_and_nothing_in_it_hinders_storing() {
        let mut report = Report::default();
        report.fail("a\0b.xml:3".to_owned(), "a cut".to_owned());
        let end = judged(report);
        assert_eq!(end.state, JobState::Failed);
        assert_eq!(end.message.as_deref(), Some("1 failed, the first: a\u{FFFD}b.xml:3: a cut"));
        assert!(!end.report.unwrap().to_string().contains("\\u0000"));
    }
}

//! Runs jobs: each in its own task, which waits until it is the oldest job of the site.

use super::model::JobState;
use super::query::{self, End};
use super::queue::JobQueue;
use super::upload::{self, Upload};
use crate::audit::{self, Actor};
use crate::cache::Change;
use crate::error::{Error, Result};
use crate::jobs::queue::{OwnJob, QueuedImport};
use crate::response::StoredResponse;
use crate::state::{FirstLock, SharedState, State};
use crate::transfer::import::{self, InputFile, Options, Progress, Report};
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
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The maximum size of a stored report in bytes.
const MAX_REPORT_BYTES: usize = 32 << 20;

/// The connection that holds the presence lock of this process while it has jobs.
type Presence = Arc<Mutex<Option<AsyncPgConnection>>>;

/// Runs queued jobs for as long as the service runs.
pub async fn run(state: SharedState, queue: Data<JobQueue>) {
    let Some(mut inbox) = queue.inbox() else { return };
    upload::sweep(state.config());
    let presence = Presence::default();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            import = inbox.recv() => {
                let Some(import) = import else { return };
                tasks.spawn(run_import(state.clone(), queue.clone(), Arc::clone(&presence), import));
            }
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended {
                    log::error!("the task of a job failed: {error}");
                }
                if tasks.is_empty() {
                    *presence.lock().await = None;
                }
            }
        }
    }
}

/// Marks the jobs of stopped processes as interrupted; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn sweep(state: &State, queue: &JobQueue) -> Result<usize> {
    let now = state.clock().now();
    state
        .with_connection(async |conn| {
            query::end_lost(conn, queue.instance, |id| queue.knows(id), now).await
        })
        .await
}

/// Stores the job of an import, sends the response, and runs the job.
async fn run_import(
    state: SharedState,
    queue: Data<JobQueue>,
    presence: Presence,
    import: QueuedImport,
) {
    let QueuedImport { name, upload, options, attempt, actor, file_permit, response } = import;
    let made = async {
        ensure_presence(&state, queue.instance, &presence).await?;
        let (instance, size, now) = (queue.instance, upload.size, state.clock().now());
        let (name, queue) = (name.clone(), queue.clone());
        let detail = json!({ "filename": name, "bytes": size, "dry_run": options.dry_run });
        State::write_once_with(&state, attempt, FirstLock::Nothing, move |conn| {
            Box::pin(async move {
                let job = query::insert(conn, instance, &name, size, now).await?;
                // Registered before the commit, so that every visible row is known.
                let own = queue.register(job.id);
                let object = ("job", Some(job.id));
                audit::record(conn, &actor, now, "import.create", object, detail).await?;
                let location = format!("/api/v1/admin/jobs/{}", job.id);
                Ok((StoredResponse::accepted(&job, &location)?, own))
            })
        })
        .await
    };
    let (result, own) = match made.await {
        Ok((stored, own)) => (Ok(stored), own),
        Err(error) => (Err(error), None),
    };
    // The client may have disconnected meanwhile.
    let _ = response.send(result);
    if let Some(own) = own {
        run_job(&state, &queue, &own, &name, upload, options).await;
    }
    drop(file_permit);
}

/// Opens the connection that holds the presence lock, unless it is open.
async fn ensure_presence(state: &State, instance: i32, presence: &Presence) -> Result<()> {
    let mut held = presence.lock().await;
    if let Some(conn) = held.as_mut()
        && conn.batch_execute("select 1").await.is_ok()
    {
        return Ok(());
    }
    let mut conn = state.pool().target().establish().await.map_err(Error::unavailable)?;
    query::lock_presence(&mut conn, instance).await?;
    *held = Some(conn);
    Ok(())
}

/// Waits until the job is next, runs it, and stores its end.
async fn run_job(
    state: &SharedState,
    queue: &JobQueue,
    own: &OwnJob,
    name: &str,
    upload: Upload,
    options: Options,
) {
    if !wait_for_turn(state, queue, own.id).await {
        return;
    }
    let end = match import_upload(state, own.id, name, &upload, options).await {
        Ok(report) => end_of(report),
        Err(error) => {
            log::error!("job {}: {error:?}", own.id);
            let message = "The database failed before anything was read: send the file again.";
            End { state: JobState::Failed, report: None, message: Some(message.to_owned()) }
        }
    };
    drop(upload);
    // This instance invalidates its cache at once; the others read the change.
    state.invalidate(Change::Everything);
    for _ in 0..ATTEMPTS {
        match finish(state, own.id, end.clone()).await {
            Ok(()) => return,
            Err(error) => log::warn!("cannot store the end of job {}: {error:?}", own.id),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// Waits until the job is the oldest unfinished one. Returns false if it was ended meanwhile.
async fn wait_for_turn(state: &State, queue: &JobQueue, id: i64) -> bool {
    loop {
        let next = async {
            sweep(state, queue).await?;
            state.read(async |conn| query::is_next(conn, id).await).await
        };
        match next.await {
            Ok(Some(true)) => return true,
            Ok(Some(false)) => {}
            Ok(None) => return false,
            Err(error) => log::warn!("cannot check whether job {id} is next: {error:?}"),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Imports the uploaded file and stores the progress meanwhile.
async fn import_upload(
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
    state.with_connection(async |conn| query::start(conn, id, now).await).await?;
    let (sender, receiver) = watch::channel(Progress { read: 0, total: upload.size, records: 0 });
    let mut progress = |at: Progress| {
        sender.send_replace(at);
    };
    let files = vec![InputFile::from_open_file(name, Arc::clone(&upload.file))];
    let done = import::import_files(&mut conn, files, options, now, &mut progress);
    let report = tokio::select! {
        report = done => report?,
        never = store_progress(state, id, receiver.clone()) => match never {},
    };
    let last = *receiver.borrow();
    state.with_connection(async |conn| query::advance(conn, id, last).await).await?;
    Ok(report)
}

/// Stores the progress of a job whenever it changes. Runs until it is dropped.
async fn store_progress(
    state: &State,
    id: i64,
    mut progress: watch::Receiver<Progress>,
) -> std::convert::Infallible {
    loop {
        if progress.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let at = *progress.borrow_and_update();
        if let Err(error) =
            state.with_connection(async |conn| query::advance(conn, id, at).await).await
        {
            log::debug!("cannot store the progress of job {id}: {error:?}");
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Returns the end of a job with this report.
fn end_of(mut report: Report) -> End {
    let first = report.skipped.iter().find(|skipped| skipped.kind == "error");
    let (state, message) = match (report.failed, first) {
        (0, _) => (JobState::Done, None),
        (failed, first) => {
            let first = first.map_or_else(String::new, |s| format!("{}: {}", s.position, s.reason));
            let message: String = format!("{failed} failed, the first: {first}");
            (JobState::Failed, Some(storable(&message).chars().take(3000).collect()))
        }
    };
    report.shorten(MAX_REPORT_BYTES);
    let mut report = serde_json::to_value(report).ok();
    if let Some(report) = &mut report {
        replace_nul(report);
    }
    End { state, report, message }
}

/// Replaces NUL, which PostgreSQL cannot store; the name of a file in an archive may contain it.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = storable(text),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(members) => members.values_mut().for_each(replace_nul),
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
    fn the_message_is_the_first_failure_without_nul() {
        let mut report = Report::default();
        report.fail("a\0b.xml:3".to_owned(), "a cut".to_owned());
        let end = end_of(report);
        assert_eq!(end.state, JobState::Failed);
        assert_eq!(end.message.as_deref(), Some("1 failed, the first: a\u{FFFD}b.xml:3: a cut"));
        assert!(!end.report.unwrap().to_string().contains("\\u0000"));
    }
}

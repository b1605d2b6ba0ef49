//! The queue of an instance's jobs, and the limit of uploaded files.

use crate::audit::Actor;
use crate::error::{Code, Error, Result};
use crate::idempotency::IdempotentRequest;
use crate::jobs::upload::Upload;
use crate::response::StoredResponse;
use crate::transfer::import::Options;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The maximum number of uploaded files of an instance, including those being received.
const MAX_FILES: usize = 16;

/// An uploaded file to import, before its job is stored in the database.
#[derive(Debug)]
pub(super) struct QueuedImport {
    pub(super) name: String,
    pub(super) upload: Upload,
    pub(super) options: Options,
    pub(super) attempt: IdempotentRequest,
    pub(super) actor: Actor,
    pub(super) file_permit: OwnedSemaphorePermit,
    pub(super) response: oneshot::Sender<Result<StoredResponse>>,
}

/// The jobs of an instance.
#[derive(Debug)]
pub struct JobQueue {
    /// The number of this process, among those on its database.
    pub(super) instance: i32,
    files: Arc<Semaphore>,
    known: Arc<Mutex<BTreeSet<i64>>>,
    queue: UnboundedSender<QueuedImport>,
    inbox: Mutex<Option<UnboundedReceiver<QueuedImport>>>,
}

/// Keeps a job registered with this process until it is dropped.
#[derive(Debug)]
pub(super) struct OwnJob {
    pub(super) id: i64,
    known: Arc<Mutex<BTreeSet<i64>>>,
}

impl Drop for OwnJob {
    fn drop(&mut self) {
        locked(&self.known).remove(&self.id);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for JobQueue {
    fn default() -> Self {
        let (queue, inbox) = unbounded_channel();
        // Without randomness processes share a number, and jobs of a stopped one look alive for longer.
        let random = getrandom::u32().unwrap_or(1);
        Self {
            instance: i32::try_from(random >> 1).unwrap_or(1),
            files: Arc::new(Semaphore::new(MAX_FILES)),
            known: Arc::default(),
            queue,
            inbox: Mutex::new(Some(inbox)),
        }
    }
}

impl JobQueue {
    /// Reserves a slot for an uploaded file.
    ///
    /// # Errors
    /// 503 when there are too many files.
    pub(super) fn reserve_file(&self) -> Result<OwnedSemaphorePermit> {
        permit(&self.files, "too many imports are queued: try again when one is done")
    }

    /// Queues an import.
    ///
    /// # Errors
    /// 503 when the service is shutting down.
    pub(super) fn enqueue(&self, import: QueuedImport) -> Result<()> {
        self.queue.send(import).map_err(|_closed| shutting_down())
    }

    /// Returns the receiver of queued imports, once.
    pub(super) fn inbox(&self) -> Option<UnboundedReceiver<QueuedImport>> {
        locked(&self.inbox).take()
    }

    /// Registers a job of this process.
    pub(super) fn register(&self, id: i64) -> OwnJob {
        locked(&self.known).insert(id);
        OwnJob { id, known: Arc::clone(&self.known) }
    }

    /// Returns whether the job belongs to this process.
    pub(super) fn knows(&self, id: i64) -> bool {
        locked(&self.known).contains(&id)
    }
}

fn permit(of: &Arc<Semaphore>, full: &'static str) -> Result<OwnedSemaphorePermit> {
    Arc::clone(of).try_acquire_owned().map_err(|_full| {
        Error::new(Code::Unavailable, full).with_header(RETRY_AFTER, HeaderValue::from_static("30"))
    })
}

/// Returns the error for an import that arrives while the service shuts down.
pub(super) fn shutting_down() -> Error {
    Error::new(Code::Unavailable, "the service is shutting down; try again")
        .with_header(RETRY_AFTER, HeaderValue::from_static("5"))
}

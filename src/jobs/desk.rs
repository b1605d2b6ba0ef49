//! What an instance remembers about its jobs: which are its own, and how many more it takes.

use super::upload::Upload;
use crate::audit::Actor;
use crate::error::{Code, Error, Result};
use crate::http::{Answer, Attempt};
use crate::transfer::import::Options;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How many files may lie here at once, to be imported or on their way in.
const FILES: usize = 16;
/// How many exports may be read at once: each holds a connection and a snapshot.
const EXPORTS: usize = 4;

/// An import that was sent and has no row yet.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) name: String,
    pub(super) upload: Upload,
    pub(super) options: Options,
    pub(super) attempt: Attempt,
    pub(super) actor: Actor,
    pub(super) room: OwnedSemaphorePermit,
    pub(super) answer: oneshot::Sender<Result<Answer>>,
}

/// What an instance remembers about its jobs.
#[derive(Debug)]
pub struct Desk {
    /// The number of this process, among those on its database.
    pub(super) instance: i32,
    files: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    known: Arc<Mutex<BTreeSet<i64>>>,
    queue: UnboundedSender<Ticket>,
    inbox: Mutex<Option<UnboundedReceiver<Ticket>>>,
}

/// A job that this process has, for as long as this lives.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) id: i64,
    known: Arc<Mutex<BTreeSet<i64>>>,
}

impl Drop for Own {
    fn drop(&mut self) {
        locked(&self.known).remove(&self.id);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Desk {
    fn default() -> Self {
        let (queue, inbox) = unbounded_channel();
        // Without randomness the process shares its number: then its jobs look alive for longer.
        let random = getrandom::u32().unwrap_or(1);
        Self {
            instance: i32::try_from(random >> 1).unwrap_or(1),
            files: Arc::new(Semaphore::new(FILES)),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            known: Arc::default(),
            queue,
            inbox: Mutex::new(Some(inbox)),
        }
    }
}

impl Desk {
    /// Room for one more file.
    ///
    /// # Errors
    /// 503 when as many lie here as may.
    pub(super) fn room(&self) -> Result<OwnedSemaphorePermit> {
        permit(&self.files, "as many imports wait as may: try again when one is done")
    }

    /// Room for one more export.
    ///
    /// # Errors
    /// 503 when as many are being read as may.
    pub(crate) fn room_for_export(&self) -> Result<OwnedSemaphorePermit> {
        permit(&self.exports, "as many exports are being read as may: try again when one is done")
    }

    /// Hands over what was sent.
    ///
    /// # Errors
    /// 503 when the service is about to end.
    pub(super) fn hand_in(&self, ticket: Ticket) -> Result<()> {
        self.queue.send(ticket).map_err(|_ending| ending())
    }

    /// What is handed in; once.
    pub(super) fn inbox(&self) -> Option<UnboundedReceiver<Ticket>> {
        locked(&self.inbox).take()
    }

    /// Makes a job known as one of this process.
    pub(super) fn own(&self, id: i64) -> Own {
        locked(&self.known).insert(id);
        Own { id, known: Arc::clone(&self.known) }
    }

    /// Whether this process has the job.
    pub(super) fn knows(&self, id: i64) -> bool {
        locked(&self.known).contains(&id)
    }
}

fn permit(of: &Arc<Semaphore>, full: &'static str) -> Result<OwnedSemaphorePermit> {
    Arc::clone(of).try_acquire_owned().map_err(|_full| {
        Error::new(Code::Unavailable, full).with_header(RETRY_AFTER, HeaderValue::from_static("30"))
    })
}

/// The refusal when nobody takes tickets any more.
pub(super) fn ending() -> Error {
    Error::new(Code::Unavailable, "the service is about to end; try again")
        .with_header(RETRY_AFTER, HeaderValue::from_static("5"))
}

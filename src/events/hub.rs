//! The events that the streams of one instance share: one read of the database serves all of them.

use super::model::{EventFilter, StoredEvent};
use super::query;
use crate::error::{Code, Error, Result};
use crate::state::{SharedState, State};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

/// The number of events that are kept in memory for streams. One that lags behind more reads the database.
const MAX_RECENT: usize = 1000;

/// The maximum number of events that are read at once.
const BATCH: i64 = 500;

/// The time after which the number of open streams is counted again.
const GAUGE_INTERVAL: Duration = Duration::from_secs(5);

/// The pause after a failed read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The latest events.
#[derive(Debug, Default)]
struct Recent {
    epoch: String,
    /// All events after this id, up to `last`, are here.
    after: i64,
    last: i64,
    events: VecDeque<Arc<StoredEvent>>,
}

/// The streams of one instance.
#[derive(Debug)]
pub struct EventHub {
    slots: Arc<Semaphore>,
    max_streams: usize,
    recent: Mutex<Recent>,
    changed: watch::Sender<()>,
    /// A stream was opened while there was nothing in memory.
    opened: Notify,
}

/// The events after an id.
#[derive(Debug)]
pub(super) enum After {
    /// All of them, with the token of the epoch.
    Events(String, Vec<Arc<StoredEvent>>),
    /// They are not in memory.
    Unknown,
}

impl EventHub {
    /// Creates the hub of one instance.
    pub fn new(max_streams: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(max_streams)),
            max_streams,
            recent: Mutex::default(),
            changed: watch::Sender::default(),
            opened: Notify::new(),
        }
    }

    /// Takes a slot for a stream, which is free again when the permit is dropped.
    ///
    /// # Errors
    /// 503 when all are taken.
    pub(super) fn take_slot(&self) -> Result<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_full| {
            let detail = "too many streams are open: read the changes page by page";
            Error::new(Code::Unavailable, detail)
                .with_header(RETRY_AFTER, HeaderValue::from_static("30"))
        })?;
        if self.recent().epoch.is_empty() {
            self.opened.notify_one();
        }
        Ok(slot)
    }

    /// Returns the number of open streams.
    pub fn open_streams(&self) -> usize {
        self.max_streams.saturating_sub(self.slots.available_permits())
    }

    /// Returns a receiver that is notified of new events.
    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Returns the events after an id.
    pub(super) fn after(&self, id: i64) -> After {
        let recent = self.recent();
        if id < recent.after || recent.epoch.is_empty() {
            return After::Unknown;
        }
        let first = recent.events.partition_point(|event| event.id <= id);
        After::Events(recent.epoch.clone(), recent.events.iter().skip(first).cloned().collect())
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        // A thread that panics cannot leave it inconsistent.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything: the next stream reads the database.
    fn forget(&self) {
        *self.recent() = Recent::default();
    }

    /// Reads new events for the streams.
    async fn read(&self, state: &State) -> Result<()> {
        loop {
            let (epoch, last) = {
                let recent = self.recent();
                (recent.epoch.clone(), recent.last)
            };
            let filter = EventFilter { for_editors: true, types: None };
            let (log, events) = state
                .read(async |conn| {
                    let log = query::log(conn).await?;
                    if log.epoch != epoch {
                        return Ok((log, Vec::new()));
                    }
                    Ok((log, query::page(conn, last, &filter, BATCH).await?))
                })
                .await?;
            let is_last = events.last().is_none_or(|event| event.id == log.last_id);
            let mut recent = self.recent();
            if log.epoch == epoch {
                recent.last = events.last().map_or(last, |event| event.id);
                recent.events.extend(events.into_iter().map(Arc::new));
                while recent.events.len() > MAX_RECENT {
                    recent.after = recent.events.pop_front().map_or(recent.after, |event| event.id);
                }
            } else {
                let (after, last) = (log.last_id, log.last_id);
                *recent = Recent { epoch: log.epoch, after, last, events: VecDeque::new() };
            }
            drop(recent);
            self.changed.send_replace(());
            if is_last {
                return Ok(());
            }
        }
    }
}

/// Reads new events while there are streams, for as long as the service runs.
pub async fn keep_reading(state: SharedState, hub: Arc<EventHub>) {
    let mut last_event = state.cache().invalidation().last_event();
    loop {
        if hub.open_streams() == 0 {
            hub.forget();
        } else if let Err(error) = hub.read(&state).await {
            log::debug!("cannot read events for streams, retrying: {error:?}");
            sleep(RETRY_PAUSE).await;
            continue;
        }
        state.metrics().events().set_streams(hub.open_streams());
        tokio::select! {
            _ = last_event.changed() => {}
            () = hub.opened.notified() => {}
            () = sleep(GAUGE_INTERVAL) => {}
        }
    }
}

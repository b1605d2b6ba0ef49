//! Changes as Server-Sent Events (WHATWG HTML, section 9.2).

use super::cursor::Cursor;
use super::hub::{After, EventHub};
use super::model::{EventFilter, StoredEvent};
use super::query;
use crate::error::{Error, Result};
use crate::state::{SharedState, State};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use bytes::Bytes;
use futures_util::stream::{Stream, unfold};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

/// The time between two comment lines, which keep proxies from closing an idle stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long clients wait before they reconnect, in milliseconds.
const RETRY_MS: u32 = 2000;

/// The maximum number of events that are read from the database at once.
const BATCH: i64 = 100;

/// Tells nginx not to buffer.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// One stream.
struct EventStream {
    state: SharedState,
    hub: Arc<EventHub>,
    filter: EventFilter,
    epoch: String,
    /// The last event that the client has, or that it does not get.
    last: i64,
    /// The last id that was sent.
    sent: i64,
    heartbeat: Instant,
    changed: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    is_new: bool,
    _slot: OwnedSemaphorePermit,
}

/// Returns a stream of the events after `since`, or from now on.
pub(super) async fn respond(
    state: SharedState,
    hub: Arc<EventHub>,
    since: Option<&str>,
    filter: EventFilter,
) -> Result<HttpResponse> {
    let slot = hub.take_slot()?;
    let (changed, stopping) = (hub.changed(), state.stopping());
    let (epoch, last) = state
        .read(async |conn| {
            let log = query::log(conn).await?;
            let last = query::start(conn, &log, since.unwrap_or("now")).await?;
            Ok((log.epoch, last))
        })
        .await?;
    let heartbeat = Instant::now() + HEARTBEAT;
    let (sent, is_new) = (last, true);
    let stream = EventStream {
        state,
        hub,
        filter,
        epoch,
        last,
        sent,
        heartbeat,
        changed,
        stopping,
        is_new,
        _slot: slot,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .streaming(parts(stream)))
}

fn parts(stream: EventStream) -> impl Stream<Item = Result<Bytes>> {
    unfold(stream, |mut stream| async {
        let part = stream.next().await;
        part.map(|part| (part, stream))
    })
}

impl EventStream {
    /// Returns the next part of the body; `None` ends it, and the client reconnects.
    async fn next(&mut self) -> Option<Result<Bytes>> {
        if std::mem::take(&mut self.is_new) {
            let cursor = self.cursor(self.last);
            return Some(Ok(format!("retry: {RETRY_MS}\nid: {cursor}\n\n").into()));
        }
        loop {
            if *self.stopping.borrow_and_update() {
                return None;
            }
            self.changed.borrow_and_update();
            match self.read().await {
                Ok(Some(events)) if events.is_empty() => {}
                Ok(Some(events)) => {
                    let text = self.write(&events);
                    if !text.is_empty() {
                        return Some(Ok(text.into()));
                    }
                    continue;
                }
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
            tokio::select! {
                _ = self.changed.changed() => {}
                _ = self.stopping.changed() => {}
                () = sleep_until(self.heartbeat) => return Some(Ok(self.comment_line().into())),
            }
        }
    }

    /// Returns the events that follow, from memory if they are there; `None` when another epoch has begun.
    async fn read(&self) -> Result<Option<Vec<Arc<StoredEvent>>>> {
        if let After::Events(epoch, events) = self.hub.after(self.last) {
            return Ok((epoch == self.epoch).then_some(events));
        }
        let everything = EventFilter { for_editors: true, types: None };
        let read = async |state: &State| {
            state
                .read(async |conn| {
                    let log = query::log(conn).await?;
                    Ok((log.epoch, query::page(conn, self.last, &everything, BATCH).await?))
                })
                .await
        };
        let (epoch, events) = read(&self.state).await?;
        Ok((epoch == self.epoch).then(|| events.into_iter().map(Arc::new).collect()))
    }

    /// Returns the events that the client gets, as text.
    fn write(&mut self, events: &[Arc<StoredEvent>]) -> String {
        let mut text = String::new();
        for event in events {
            self.last = event.id;
            if !self.filter.matches(event) {
                continue;
            }
            let change = event.change(&self.epoch);
            let Ok(json) = serde_json::to_string(&change) else { continue };
            text += &format!("id: {}\ndata: {json}\n\n", change.cursor);
            self.sent = event.id;
        }
        text
    }

    /// Returns a comment line, with the position if the client does not have it: events that it does not get
    /// have moved it.
    fn comment_line(&mut self) -> String {
        self.heartbeat = Instant::now() + HEARTBEAT;
        if std::mem::replace(&mut self.sent, self.last) == self.last {
            return ":\n\n".to_owned();
        }
        format!(":\nid: {}\n\n", self.cursor(self.last))
    }

    fn cursor(&self, id: i64) -> String {
        Cursor { epoch: self.epoch.clone(), id }.to_string()
    }
}

/// Returns the cursor from `Last-Event-ID`, if the client sends one.
pub(super) fn last_event_id(req: &actix_web::HttpRequest) -> Result<Option<String>> {
    let Some(value) = req.headers().get("last-event-id").filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_not_text| {
        let message = "`Last-Event-ID` is not a cursor of the feed";
        Error::parameter("Last-Event-ID", crate::error::Code::BadCursor, message)
    })?;
    Ok(Some(text.to_owned()))
}

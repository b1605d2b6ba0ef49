//! Sends the deliveries that are due.

use super::message;
use super::model::Try;
use super::record::{self, DueDelivery};
use super::secret;
use crate::error::{Error, Result};
use crate::fetch::{FetchError, FetchedResponse, Fetcher};
use crate::state::{SharedState, State};
use chrono::{DateTime, Utc};
use futures_util::stream::{StreamExt as _, iter};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

/// The time after which due deliveries are looked for without a notification.
const INTERVAL: Duration = Duration::from_secs(1);

/// The number of deliveries of a webhook that are taken at once. They must be tried within their lease, even if
/// each one times out.
const BATCH: i64 = 40;

/// The number of requests to a webhook at the same time.
const CONCURRENCY: usize = 10;

/// The number of bytes of a response that are stored.
const MAX_RESPONSE: usize = 2000;

/// Sends deliveries. Each webhook has a task of its own, so that a slow receiver delays no other.
#[derive(Debug)]
pub struct Deliverer {
    fetcher: Fetcher,
    busy: Mutex<BTreeSet<i64>>,
    finished: Notify,
}

impl Deliverer {
    /// Creates the deliverer of one instance.
    pub fn new(fetcher: Fetcher) -> Self {
        Self { fetcher, busy: Mutex::default(), finished: Notify::new() }
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, BTreeSet<i64>> {
        // A thread that panics cannot leave it inconsistent.
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The webhook that a task works for; it is free again when the task ends, however it ends.
struct BusyWebhook(Arc<Deliverer>, i64);

impl Drop for BusyWebhook {
    fn drop(&mut self) {
        self.0.busy().remove(&self.1);
        self.0.finished.notify_one();
    }
}

/// Sends deliveries when they are due, for as long as the service runs.
pub async fn keep_delivering(state: SharedState, deliverer: Arc<Deliverer>) {
    let mut last_event = state.cache().invalidation().last_event();
    // Its tasks end with this one.
    let mut tasks = JoinSet::new();
    let mut failing = false;
    loop {
        match start(&state, &deliverer, &mut tasks).await {
            Ok(()) => failing = false,
            // Logged once, because the database may be unavailable for hours.
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                log::warn!("cannot look for webhook deliveries, retrying: {error:?}");
            }
        }
        while tasks.try_join_next().is_some() {}
        let woken = async {
            tokio::select! {
                _ = last_event.changed() => {}
                () = deliverer.finished.notified() => {}
            }
        };
        // A timeout means that it is time to look anyway: a try may be due again.
        _ = timeout(INTERVAL, woken).await;
    }
}

/// Starts a task for each webhook with deliveries that are due.
async fn start(
    state: &SharedState,
    deliverer: &Arc<Deliverer>,
    tasks: &mut JoinSet<()>,
) -> Result<()> {
    let busy: Vec<i64> = deliverer.busy().iter().copied().collect();
    let now = state.clock().now();
    let (taken, due) = state
        .with_connection(async |conn| {
            let taken = record::take_due(conn, &busy, BATCH, now).await?;
            Ok((taken, record::count_due(conn, now).await?))
        })
        .await?;
    state.metrics().events().set_webhook_queue(due);
    let mut by_webhook: BTreeMap<i64, Vec<DueDelivery>> = BTreeMap::new();
    for one in taken {
        by_webhook.entry(one.webhook_id).or_default().push(one);
    }
    for (webhook, deliveries) in by_webhook {
        deliverer.busy().insert(webhook);
        let busy = BusyWebhook(Arc::clone(deliverer), webhook);
        let state = state.clone();
        tasks.spawn(async move {
            let deliver = |one| try_delivery(&state, &busy.0, one);
            iter(deliveries).map(deliver).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
        });
    }
    Ok(())
}

/// Tries a delivery. One that cannot be recorded is tried again when its lease is over.
async fn try_delivery(state: &SharedState, deliverer: &Deliverer, due: DueDelivery) {
    if let Err(error) = send(state, deliverer, &due).await {
        log::warn!("cannot deliver {} to webhook {}: {error:?}", due.message_id, due.webhook_id);
    }
}

async fn send(state: &SharedState, deliverer: &Deliverer, due: &DueDelivery) -> Result<()> {
    let body = if let Some(body) = &due.body {
        body.clone()
    } else {
        let made = state.read(async |conn| message::body(conn, due).await).await?;
        state.with_connection(async |conn| record::store_body(conn, due.id, &made).await).await?;
        made
    };
    let at = state.clock().now();
    let headers = headers(due, at, &body)?;
    let url = Url::parse(&due.url).map_err(Error::internal)?;
    let started_at = Instant::now();
    let outcome = deliverer.fetcher.post(&url, headers, body, MAX_RESPONSE).await;
    let duration_ms = u32::try_from(started_at.elapsed().as_millis()).unwrap_or(u32::MAX);
    let tried = tried(at, duration_ms, outcome);
    let due = due.clone();
    let now = state.clock().now();
    let succeeded = State::write(state, move |conn| {
        Box::pin(async move { record::record(conn, &due, &tried, now).await })
    })
    .await?;
    state.metrics().events().count_webhook_try(succeeded);
    Ok(())
}

/// Returns the headers of a message (Standard Webhooks, "Webhook Headers").
fn headers(due: &DueDelivery, at: DateTime<Utc>, body: &str) -> Result<HeaderMap> {
    let secrets: Vec<&[u8]> =
        std::iter::once(due.secret.as_slice()).chain(due.former_secret.as_deref()).collect();
    let timestamp = at.timestamp();
    let signature = secret::sign(&secrets, &due.message_id, timestamp, body)?;
    let value = |text: &str| HeaderValue::from_str(text).map_err(Error::internal);
    let mut signature = value(&signature)?;
    signature.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("webhook-id"), value(&due.message_id)?);
    headers.insert(HeaderName::from_static("webhook-timestamp"), value(&timestamp.to_string())?);
    headers.insert(HeaderName::from_static("webhook-signature"), signature);
    Ok(headers)
}

fn tried(
    at: DateTime<Utc>,
    duration_ms: u32,
    outcome: std::result::Result<FetchedResponse, FetchError>,
) -> Try {
    let (status, response, error) = match outcome {
        Ok(FetchedResponse { status, body }) => {
            // PostgreSQL stores no NUL.
            let text = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
            (Some(status), Some(text), None)
        }
        Err(error) => (None, None, Some(error.to_string().chars().take(500).collect())),
    };
    Try { at, duration_ms, status, response, error }
}

//! The metrics of the change feed and the webhooks.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::Mutex;
use std::time::Instant;

/// The metrics of the change feed and the webhooks.
#[derive(Debug)]
pub struct EventMetrics {
    appended: Counter,
    /// When changes were last turned into events, or there were none.
    caught_up_at: Mutex<Instant>,
    lag: Gauge,
    streams: Gauge,
    webhook_queue: Gauge,
    webhook_tries: Family<TryLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TryLabels {
    outcome: &'static str,
}

impl EventMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("roundup");
        let appended = Counter::default();
        registry.register("events", "Events that this instance appended", appended.clone());
        let lag = Gauge::default();
        let text = "Time since this instance last knew that every change was in the change feed";
        registry.register_with_unit("event_lag", text, Unit::Seconds, lag.clone());
        let streams = Gauge::default();
        registry.register("event_streams", "Open streams of changes", streams.clone());
        let webhook_queue = Gauge::default();
        registry.register(
            "webhook_queue",
            "Webhook deliveries that are due",
            webhook_queue.clone(),
        );
        let webhook_tries = Family::<TryLabels, Counter>::default();
        let text = "Webhook deliveries that this instance tried, by outcome";
        registry.register("webhook_tries", text, webhook_tries.clone());
        for outcome in ["delivered", "failed"] {
            drop(webhook_tries.get_or_create(&TryLabels { outcome }));
        }
        let caught_up_at = Mutex::new(Instant::now());
        Self { appended, caught_up_at, lag, streams, webhook_queue, webhook_tries }
    }

    /// Counts events, and records that every change is an event.
    pub fn count_appended(&self, events: u64) {
        self.appended.inc_by(events);
        if let Ok(mut at) = self.caught_up_at.lock() {
            *at = Instant::now();
        }
    }

    /// Sets the number of open streams.
    pub fn set_streams(&self, streams: usize) {
        self.streams.set(i64::try_from(streams).unwrap_or(i64::MAX));
    }

    /// Sets the number of deliveries that are due.
    pub fn set_webhook_queue(&self, deliveries: i64) {
        self.webhook_queue.set(deliveries);
    }

    /// Counts a try of a delivery.
    pub fn count_webhook_try(&self, delivered: bool) {
        let outcome = if delivered { "delivered" } else { "failed" };
        self.webhook_tries.get_or_create(&TryLabels { outcome }).inc();
    }

    /// Updates the gauges that depend on the time.
    pub(super) fn update(&self) {
        if let Ok(at) = self.caught_up_at.lock() {
            self.lag.set(i64::try_from(at.elapsed().as_secs()).unwrap_or(i64::MAX));
        }
    }
}

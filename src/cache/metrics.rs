//! Metrics of the cache, for `/metrics`.

use super::invalidation::Invalidation;
use super::status::CacheStatus;
use super::store::Usage;
use crate::metrics::DurationHistogram;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// The counters, gauges and timings of one cache.
#[derive(Debug, Default)]
pub struct CacheMetrics {
    hits: Counter,
    misses: Counter,
    collapsed: Counter,
    stale: Counter,
    fill_durations: DurationHistogram,
    failed_fills: Counter,
    bytes: Gauge,
    entries: Gauge,
    evictions: Gauge,
}

impl CacheMetrics {
    /// Counts a response.
    pub fn record_response(&self, status: CacheStatus) {
        let counter = match status {
            CacheStatus::Hit => &self.hits,
            CacheStatus::Miss { .. } | CacheStatus::Refreshed { .. } => &self.misses,
            CacheStatus::Collapsed => &self.collapsed,
            CacheStatus::Stale => &self.stale,
        };
        counter.inc();
    }

    /// Records how long a fill took.
    pub fn record_fill(&self, duration: Duration) {
        self.fill_durations.observe(duration);
    }

    /// Counts a fill that the database did not answer.
    pub fn record_failed_fill(&self) {
        self.failed_fills.inc();
    }

    /// Returns the number of responses that the database had to produce.
    pub fn misses(&self) -> u64 {
        self.misses.get()
    }

    /// Returns the number of responses that came from a concurrent request.
    pub fn collapsed(&self) -> u64 {
        self.collapsed.get()
    }

    /// Returns the number of fills.
    pub fn fills(&self) -> u64 {
        self.fill_durations.count()
    }

    /// Sets the gauges, which are only updated when the metrics are read.
    pub(super) fn set_usage(&self, usage: Usage) {
        let saturate = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.bytes.set(saturate(usage.bytes));
        self.entries.set(saturate(usage.entries));
        self.evictions.set(i64::try_from(usage.evictions).unwrap_or(i64::MAX));
    }

    pub(super) fn register(&self, invalidation: &Invalidation, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("roundup_cache");
        registry.register("hits", "Responses from memory", self.hits.clone());
        registry.register("misses", "Responses from the database", self.misses.clone());
        let help = "Responses from the fill of a concurrent request";
        registry.register("waits", help, self.collapsed.clone());
        let help = "Possibly outdated responses, because the database did not answer";
        registry.register("stale", help, self.stale.clone());
        registry.register("bytes", "Bytes in use, an upper estimate", self.bytes.clone());
        registry.register("entries", "Responses in memory", self.entries.clone());
        registry.register("evictions", "Responses evicted", self.evictions.clone());
        registry.register_with_unit(
            "fill_duration",
            "Time that the database took for a response",
            Unit::Seconds,
            self.fill_durations.clone(),
        );
        let help = "Fills that the database did not answer";
        registry.register("fills_failed", help, self.failed_fills.clone());
        let help = "Reads of changes that found any";
        registry.register("changes", help, invalidation.changes.clone());
        let help = "Connections opened to follow the changes";
        registry.register("follows", help, invalidation.connections.clone());
    }
}

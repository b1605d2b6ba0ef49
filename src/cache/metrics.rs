//! What the cache counts about itself, for `/metrics`.

use super::coherence::Coherence;
use crate::metrics::DurationHistogram;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Where the answer to a public read came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// From memory.
    Hit,
    /// From the database.
    Miss,
    /// From the fill of another request.
    Wait,
    /// From memory though it could not be confirmed, for the database is away.
    Stale,
}

/// Counts and times of one cache.
#[derive(Debug, Default)]
pub struct Counts {
    hits: Counter,
    misses: Counter,
    waits: Counter,
    stale: Counter,
    fills: DurationHistogram,
    failed: Counter,
    bytes: Gauge,
    entries: Gauge,
    evicted: Gauge,
}

impl Counts {
    /// An answer from there.
    pub fn answered(&self, source: Source) {
        self.of(source).inc();
    }

    /// How many answers came from there.
    pub fn count(&self, source: Source) -> u64 {
        self.of(source).get()
    }

    fn of(&self, source: Source) -> &Counter {
        match source {
            Source::Hit => &self.hits,
            Source::Miss => &self.misses,
            Source::Wait => &self.waits,
            Source::Stale => &self.stale,
        }
    }

    /// A fill that took so long.
    pub fn filled(&self, took: std::time::Duration) {
        self.fills.observe(took);
    }

    /// How many fills there were.
    pub fn fills(&self) -> u64 {
        self.fills.count()
    }

    /// A fill that failed.
    pub fn failed(&self) {
        self.failed.inc();
    }

    /// How full the cache is, for the next reading of the metrics.
    pub(super) fn set_fullness(&self, full: super::Fullness) {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.bytes.set(number(full.bytes));
        self.entries.set(number(full.entries));
        self.evicted.set(i64::try_from(full.evicted).unwrap_or(i64::MAX));
    }

    pub(super) fn register(&self, coherence: &Coherence, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("roundup_cache");
        registry.register("hits", "Answers from memory", self.hits.clone());
        registry.register("misses", "Answers that the database gave", self.misses.clone());
        registry.register("waits", "Answers from another request's fill", self.waits.clone());
        let text = "Answers from memory while the database was away";
        registry.register("stale", text, self.stale.clone());
        registry.register("bytes", "Bytes in memory, estimated from above", self.bytes.clone());
        registry.register("entries", "Answers in memory", self.entries.clone());
        registry.register("evictions", "Answers that had to leave", self.evicted.clone());
        registry.register_with_unit(
            "fill_duration",
            "How long the database took for an answer",
            Unit::Seconds,
            self.fills.clone(),
        );
        registry.register("fills_failed", "Fills that failed", self.failed.clone());
        registry.register("notices", "Notices of changes heard", coherence.heard.clone());
        let text = "Connections that listen for changes, since the start";
        registry.register("listens", text, coherence.reconnected.clone());
    }
}

//! Complete responses in memory that are never out of date; `docs/cache.md` explains how.
//!
//! - `store`: a map bounded in bytes; `single_flight`: one fill per key at a time; `fill`: what a
//!   fill shares with its queries.
//! - `versions`: what changed when; `freshness`: whether all changes are known; `invalidation`:
//!   both together; `follower`: reads the changes from the database.
//! - `replica`: reads from replicas that have replayed enough; `replication_lsn`: how much that is.
//! - `status` and `metrics`: what the cache reports.

mod fill;
mod follower;
mod freshness;
mod invalidation;
mod metrics;
mod replica;
mod replication_lsn;
mod single_flight;
mod status;
mod store;
mod versions;

pub use fill::Fill;
pub use follower::follow;
pub use freshness::{DatabaseState, Freshness, MAX_UNCONFIRMED_AGE, Timestamp};
pub use invalidation::{Invalidation, ReadStart};
pub use metrics::CacheMetrics;
pub use replica::{Replica, record_served_lsn};
pub use replication_lsn::Lsn;
pub use single_flight::{FillFollower, FillLeader, FillResult, FillRole};
pub use status::CacheStatus;
pub use store::{Store, Usage};
pub use versions::{Change, Dependency, Version, Versions};

use prometheus_client::registry::Registry;
use single_flight::SingleFlight;
use std::sync::Arc;
use std::time::Duration;

/// Negative responses (404, 410) may use this fraction of the bytes. They have a store of their
/// own, so that random URLs evict nothing else.
const NEGATIVE_FRACTION: usize = 16;

/// A cached response and what its validity depends on.
#[derive(Debug)]
pub struct CacheEntry<V> {
    /// When its read started.
    pub start: ReadStart,
    /// How long the read took.
    pub fill_duration: Duration,
    /// What it depends on.
    pub dependency: Dependency,
    /// Whether it says that nothing exists at the URL.
    pub is_negative: bool,
    /// The response.
    pub value: V,
}

/// A cache of responses.
#[derive(Debug)]
pub struct Cache<V> {
    entries: Store<CacheEntry<V>>,
    negative_entries: Store<CacheEntry<V>>,
    fills: SingleFlight<CacheEntry<V>>,
    invalidation: Arc<Invalidation>,
    metrics: CacheMetrics,
    stale_if_error: Duration,
    enabled: bool,
}

impl<V> Cache<V> {
    /// Creates a cache of `bytes`; zero disables it. While the database does not answer, entries
    /// may be served for `stale_if_error` after they were last known to be current.
    pub fn new(bytes: usize, stale_if_error: Duration) -> Self {
        Self {
            entries: Store::new(bytes - bytes / NEGATIVE_FRACTION),
            negative_entries: Store::new(bytes / NEGATIVE_FRACTION),
            fills: SingleFlight::default(),
            invalidation: Arc::default(),
            metrics: CacheMetrics::default(),
            stale_if_error,
            enabled: bytes > 0,
        }
    }

    /// Returns whether anything is stored.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Returns the entry under this key, current or not.
    pub fn get(&self, key: &str) -> Option<Arc<CacheEntry<V>>> {
        self.entries.get(key).or_else(|| self.negative_entries.get(key))
    }

    /// Returns whether an entry may be served as current.
    pub fn is_current(&self, entry: &CacheEntry<V>, now: Timestamp) -> bool {
        self.invalidation.is_current(entry.start, entry.dependency, now)
    }

    /// Returns whether an entry may be served, marked as stale, when the database does not answer.
    pub fn may_serve_stale(&self, entry: &CacheEntry<V>, now: Timestamp) -> bool {
        // What did not exist may exist by now.
        !entry.is_negative && self.age(entry, now) <= self.stale_if_error
    }

    /// Returns the time since an entry was last known to be current.
    pub fn age(&self, entry: &CacheEntry<V>, now: Timestamp) -> Duration {
        let read_at = entry.start.timestamp;
        if self.invalidation.is_unchanged(entry.start, entry.dependency) {
            now.since(read_at.max(self.invalidation.freshness().last_confirmed()))
        } else {
            now.since(read_at)
        }
    }

    /// Joins the fill of a key, or starts it.
    pub fn join_fill(&self, key: &Arc<str>) -> FillRole<CacheEntry<V>> {
        self.fills.join(key)
    }

    /// Stores an entry of this weight in bytes, unless a newer one is there. Returns whether it was
    /// stored.
    pub fn insert(&self, key: &Arc<str>, entry: &Arc<CacheEntry<V>>, weight: usize) -> bool {
        let is_newer = |former: &CacheEntry<V>| former.start.version > entry.start.version;
        let (store, other) = if entry.is_negative {
            (&self.negative_entries, &self.entries)
        } else {
            (&self.entries, &self.negative_entries)
        };
        other.remove(key);
        store.insert(key, Arc::clone(entry), weight, is_newer)
    }

    /// Adds bytes to the weight of an entry.
    pub fn add_weight(&self, key: &str, entry: &Arc<CacheEntry<V>>, bytes: usize) {
        self.entries.add_weight(key, entry, bytes);
    }

    /// Returns what decides whether entries are current.
    pub fn invalidation(&self) -> &Arc<Invalidation> {
        &self.invalidation
    }

    /// Returns the metrics.
    pub fn metrics(&self) -> &CacheMetrics {
        &self.metrics
    }

    /// Returns the memory in use.
    pub fn usage(&self) -> Usage {
        let (entries, negative) = (self.entries.usage(), self.negative_entries.usage());
        Usage {
            bytes: entries.bytes + negative.bytes,
            entries: entries.entries + negative.entries,
            evictions: entries.evictions + negative.evictions,
        }
    }

    /// Returns the memory in use for negative responses.
    pub fn negative_usage(&self) -> Usage {
        self.negative_entries.usage()
    }

    /// Registers the metrics.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.metrics.register(&self.invalidation, registry);
    }

    /// Updates the gauges before the metrics are read.
    pub fn update_gauges(&self) {
        self.metrics.set_usage(self.usage());
    }
}

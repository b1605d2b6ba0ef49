//! Finished answers in memory that are never wrong; `docs/cache.md` tells how and why.
//!
//! ```text
//! counters   when what changed, as tickets         trust      how far memory may be trusted
//! position   how new a replica must be             coherence  these three together
//! listener   hears of changes in the database      store      the bounded map, with its queue
//! replica    reading from replicas that are new enough
//! flight     one fill of an entry at a time        fill       what a fill and its queries share
//! ```

mod coherence;
mod counters;
mod fill;
mod flight;
mod listener;
mod metrics;
mod position;
mod queue;
mod replica;
mod store;
mod trust;

pub use coherence::{Begun, Coherence};
pub use counters::{Change, Counters, Depends, Ticket};
pub use fill::Fill;
pub use flight::{Join, Landed, Lead, Wait};
pub use listener::listen;
pub use metrics::{Counts, Source};
pub use position::Lsn;
pub use replica::{Replica, note_shown};
pub use store::{Fullness, Store};
pub use trust::{Moment, UNCONFIRMED};

use flight::Flights;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

/// The part of the bytes that answers of nothing (404, 410) may have. They have a store of their
/// own, so that random addresses push nothing out.
const NOTHING: usize = 16;

/// An answer and what it rests on.
#[derive(Debug)]
pub struct Held<V> {
    /// When it began to be read.
    pub begun: Begun,
    /// What it depends on.
    pub on: Depends,
    /// Whether it says that nothing is there.
    pub nothing: bool,
    /// The answer.
    pub value: V,
}

/// A cache of answers.
#[derive(Debug)]
pub struct Cache<V> {
    pages: Store<Held<V>>,
    nothing: Store<Held<V>>,
    flights: Flights<Held<V>>,
    coherence: Arc<Coherence>,
    counts: Counts,
    stale_for: Duration,
    enabled: bool,
}

impl<V> Cache<V> {
    /// A cache of so many bytes, none if 0; it may answer with what it last knew for `stale_for`
    /// while the database is away.
    pub fn new(bytes: usize, stale_for: Duration) -> Self {
        Self {
            pages: Store::new(bytes - bytes / NOTHING),
            nothing: Store::new(bytes / NOTHING),
            flights: Flights::default(),
            coherence: Arc::default(),
            counts: Counts::default(),
            stale_for,
            enabled: bytes > 0,
        }
    }

    /// Whether anything is kept at all.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// What is kept under the key, current or not.
    pub fn get(&self, key: &str) -> Option<Arc<Held<V>>> {
        self.pages.get(key).or_else(|| self.nothing.get(key))
    }

    /// Whether this may be shown as current.
    pub fn is_current(&self, held: &Held<V>, now: Moment) -> bool {
        self.coherence.is_current(held.begun, held.on, now)
    }

    /// Whether this may be shown, marked, because the database is away.
    pub fn may_serve_stale(&self, held: &Held<V>, now: Moment) -> bool {
        // What was not there may have come to be.
        !held.nothing && self.coherence.trust().is_cut(now) && self.age(held, now) <= self.stale_for
    }

    /// How long ago this was last known to be current, at most.
    pub fn age(&self, held: &Held<V>, now: Moment) -> Duration {
        let confirmed = self.coherence.trust().confirmed();
        let known = self.coherence.holds(held.begun, held.on).then_some(confirmed);
        now.since(known.unwrap_or_default().max(held.begun.moment))
    }

    /// Takes part in the fill of a key.
    pub fn join(&self, key: &Arc<str>) -> Join<Held<V>> {
        self.flights.join(key)
    }

    /// Keeps an answer of this weight; says whether there was room. A newer one stays.
    pub fn keep(&self, key: &Arc<str>, held: &Arc<Held<V>>, weight: usize) -> bool {
        let newer = |former: &Held<V>| former.begun.ticket > held.begun.ticket;
        let (store, other) =
            if held.nothing { (&self.nothing, &self.pages) } else { (&self.pages, &self.nothing) };
        other.remove(key);
        store.insert(key, Arc::clone(held), weight, newer)
    }

    /// An answer that is kept has come to weigh so much more.
    pub fn grow(&self, key: &str, held: &Arc<Held<V>>, by: usize) {
        self.pages.grow(key, held, by);
    }

    /// What decides whether an answer is current.
    pub fn coherence(&self) -> &Arc<Coherence> {
        &self.coherence
    }

    /// What is counted.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How full it is: both stores.
    pub fn fullness(&self) -> Fullness {
        let (pages, nothing) = (self.pages.fullness(), self.nothing.fullness());
        Fullness {
            bytes: pages.bytes + nothing.bytes,
            entries: pages.entries + nothing.entries,
            evicted: pages.evicted + nothing.evicted,
        }
    }

    /// How full the store of 404 and 410 is.
    pub fn fullness_of_nothing(&self) -> Fullness {
        self.nothing.fullness()
    }

    /// Names its counts in the registry of the metrics.
    pub fn register(&self, registry: &mut Registry) {
        self.counts.register(&self.coherence, registry);
    }

    /// Brings those counts up to date that are looked up when they are read.
    pub fn refresh_counts(&self) {
        self.counts.set_fullness(self.fullness());
    }
}

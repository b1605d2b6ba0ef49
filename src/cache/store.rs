//! A map that is bounded by the weight of its entries.
//!
//! `quick_cache` decides which entries stay, by a variant of Clock-PRO: a new entry is cold, and only
//! one that is requested again becomes hot. URLs that are requested once therefore evict nothing
//! from the frequently used set.

use quick_cache::sync::{Cache, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest entry is this fraction of the capacity.
const MAX_ENTRY_FRACTION: usize = 8;

/// The weight of an entry without its value and key, in bytes: map, queue and reference counts.
const ENTRY_OVERHEAD: usize = 256;

/// The expected weight of an entry, in bytes. The store remembers as many evicted keys as entries of
/// this weight fit into it: one that is requested again becomes hot at once.
const TYPICAL_WEIGHT: usize = 4 << 10;

/// The memory that an evicted key takes, in bytes.
const EVICTED_KEY_WEIGHT: usize = 96;

/// The number of parts with a lock and a share of the capacity each. The largest entry must fit
/// into the hot share of one part.
const SHARDS: usize = 4;

/// A value and its weight, which must not change while the entry is in the map.
#[derive(Debug)]
struct Weighted<V> {
    value: Arc<V>,
    weight: usize,
}

impl<V> Clone for Weighted<V> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), weight: self.weight }
    }
}

/// Reads the stored weight.
#[derive(Debug, Clone)]
struct StoredWeight;

impl<V> Weighter<Arc<str>, Weighted<V>> for StoredWeight {
    fn weight(&self, _: &Arc<str>, entry: &Weighted<V>) -> u64 {
        u64::try_from(entry.weight).unwrap_or(u64::MAX)
    }
}

/// Counts evictions.
#[derive(Debug, Clone, Default)]
struct EvictionCounter(Arc<AtomicU64>);

impl<V> Lifecycle<Arc<str>, Weighted<V>> for EvictionCounter {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _: Arc<str>, _: Weighted<V>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

type Entries<V> = Cache<Arc<str>, Weighted<V>, StoredWeight, DefaultHashBuilder, EvictionCounter>;

/// A bounded map from keys to shared values.
#[derive(Debug)]
pub struct Store<V> {
    entries: Entries<V>,
    evictions: EvictionCounter,
    max_entry_weight: usize,
}

/// The memory that a store uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes, an upper estimate.
    pub bytes: usize,
    /// Entries.
    pub entries: usize,
    /// Entries evicted since the start.
    pub evictions: u64,
}

impl<V> Store<V> {
    /// Creates a store of at most `capacity` bytes.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the only errors are options that are not set"
    )]
    pub fn new(capacity: usize) -> Self {
        let evicted_keys = capacity / TYPICAL_WEIGHT;
        let capacity = capacity - evicted_keys * EVICTED_KEY_WEIGHT;
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(evicted_keys)
            .ghost_allocation(1.0)
            .weight_capacity(u64::try_from(capacity).unwrap_or(u64::MAX))
            .build();
        let options = options.expect("all options are set");
        let evictions = EvictionCounter::default();
        let entries = Cache::with_options(
            options,
            StoredWeight,
            DefaultHashBuilder::default(),
            evictions.clone(),
        );
        Self { entries, evictions, max_entry_weight: capacity / MAX_ENTRY_FRACTION }
    }

    /// Returns the value under this key.
    pub fn get(&self, key: &str) -> Option<Arc<V>> {
        self.entries.get(key).map(|entry| entry.value)
    }

    /// Stores a value of this weight under the key, unless `is_newer` returns true for the value
    /// that is there. Returns whether it was stored; an entry that is too large is not.
    pub fn insert(
        &self,
        key: &Arc<str>,
        value: Arc<V>,
        weight: usize,
        is_newer: impl Fn(&V) -> bool,
    ) -> bool {
        let weight = weight + ENTRY_OVERHEAD + key.len();
        if weight > self.max_entry_weight {
            return false;
        }
        let entry = Weighted { value, weight };
        // Not changed in place: `quick_cache` evicts others only when an entry is inserted.
        let result = self.entries.entry(key, None, |_, former| {
            if is_newer(&former.value) {
                EntryAction::Retain(())
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        match result {
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => {
                guard.insert(entry).is_ok()
            }
            EntryResult::Retained(()) | EntryResult::Removed(..) | EntryResult::Timeout => false,
        }
    }

    /// Adds to the weight of the entry under this key, if its value is still this one.
    pub fn add_weight(&self, key: &str, value: &Arc<V>, bytes: usize) {
        let result = self.entries.entry(&Arc::from(key), None, |_, entry| {
            if Arc::ptr_eq(&entry.value, value) {
                EntryAction::ReplaceWithGuard
            } else {
                EntryAction::Retain(())
            }
        });
        // Otherwise the entry has been evicted or replaced.
        if let EntryResult::Replaced(guard, mut entry) = result {
            entry.weight += bytes;
            // Fails if the key was removed in the meantime.
            _ = guard.insert(entry);
        }
    }

    /// Removes the entry under this key.
    pub fn remove(&self, key: &str) {
        self.entries.remove(key);
    }

    /// Returns the memory in use.
    pub fn usage(&self) -> Usage {
        Usage {
            bytes: usize::try_from(self.entries.weight()).unwrap_or(usize::MAX),
            entries: self.entries.len(),
            evictions: self.evictions.0.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: usize = 1744;

    fn put(store: &Store<usize>, key: usize) {
        let text: Arc<str> = format!("key-{key}").into();
        store.insert(&text, Arc::new(key), VALUE, |_| false);
    }

    fn has(store: &Store<usize>, key: usize) -> bool {
        store.get(&format!("key-{key}")).is_some()
    }

    #[test]
    fn keys_requested_once_do_not_evict_frequent_ones() {
        let store = Store::new(1 << 21);
        let (mut requests, mut hits) = (0, 0);
        for round in 0..100 {
            for frequent in 0..200 {
                requests += 1;
                if has(&store, frequent) {
                    hits += 1;
                } else {
                    put(&store, frequent);
                }
            }
            for n in 0..1000 {
                let once = 1000 + round * 1000 + n;
                assert!(!has(&store, once));
                put(&store, once);
            }
            assert!(store.usage().bytes <= 1 << 21);
        }
        assert!(hits * 100 >= requests * 95, "{hits} of {requests}");
    }

    #[test]
    fn formerly_frequent_keys_are_evicted() {
        // About 4000 entries, so that the keys of all days do not fit.
        let store = Store::new(8 << 20);
        for day in 0..8 {
            let keys = day * 1000..(day + 1) * 1000;
            for _ in 0..20 {
                for key in keys.clone() {
                    if !has(&store, key) {
                        put(&store, key);
                    }
                }
            }
            let stored = keys.filter(|key| has(&store, *key)).count();
            assert!(stored > 900, "{stored} on day {day}");
        }
        assert!(store.usage().evictions > 3000, "{:?}", store.usage());
    }

    #[test]
    fn usage_follows_replaced_and_growing_values() {
        let store = Store::new(1 << 20);
        let key: Arc<str> = "a".into();
        assert!(store.insert(&key, Arc::new(1), 1000, |_| false));
        let first = store.usage().bytes;
        assert!(store.insert(&key, Arc::new(2), 3000, |_| false));
        assert_eq!(store.usage().bytes, first + 2000);
        assert!(!store.insert(&key, Arc::new(3), 10, |former| *former == 2));
        let second = store.get("a").unwrap();
        assert_eq!(*second, 2);
        store.add_weight("a", &second, 500);
        store.add_weight("a", &Arc::new(2), 500);
        store.add_weight("absent", &second, 500);
        assert_eq!(store.usage(), Usage { bytes: first + 2500, entries: 1, evictions: 0 });
        assert!(!store.insert(&"large".into(), Arc::new(4), 1 << 18, |_| false));
    }

    #[test]
    fn growing_values_stay_within_the_capacity() {
        let store = Store::new(1 << 20);
        for n in 0..2000 {
            let key: Arc<str> = format!("key-{n}").into();
            let value = Arc::new(n);
            store.insert(&key, Arc::clone(&value), 20_000, |_| false);
            store.add_weight(&key, &value, 60_000);
            assert!(store.usage().bytes <= 1 << 20);
        }
        assert!(store.usage().evictions > 1000, "{:?}", store.usage());
    }
}

//! A map bounded in bytes that is read without a lock.
//!
//! The map is papaya's; which entries stay is decided as S3-FIFO does (Yang and others, SOSP
//! 2023): a new entry stands in a short queue, and only one that is asked for again there, or soon
//! after it left, comes into the long one. So any number of addresses that are asked for once pass
//! through the short queue and leave the rest alone. Only writing takes the lock of the queues.

use super::queue::{Line, Seat};
use papaya::HashMap;
use std::hash::RandomState;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An entry may weigh this part of the whole at most.
const LARGEST: usize = 8;

/// What an entry weighs besides its value: its key twice, its places in map and queue.
const OVERHEAD: usize = 256;

#[derive(Debug)]
struct Slot<V> {
    value: Arc<V>,
    weight: AtomicUsize,
    seat: Seat,
}

/// A bounded map from text to shared values.
#[derive(Debug)]
pub struct Store<V> {
    map: HashMap<Arc<str>, Slot<V>>,
    line: Mutex<Line>,
    capacity: usize,
}

/// How full a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fullness {
    /// Bytes, estimated from above.
    pub bytes: usize,
    /// Entries.
    pub entries: usize,
    /// Entries that had to leave since the start.
    pub evicted: u64,
}

impl<V> Store<V> {
    /// A store for so many bytes.
    pub fn new(capacity: usize) -> Self {
        let line = Mutex::new(Line::new(RandomState::new()));
        Self { map: HashMap::new(), line, capacity }
    }

    /// What stands under this key. Takes no lock.
    pub fn get(&self, key: &str) -> Option<Arc<V>> {
        let map = self.map.pin();
        let slot = map.get(key)?;
        slot.seat.touch();
        Some(Arc::clone(&slot.value))
    }

    /// Puts a value of this weight under the key, unless `keep` says so of the one that is there;
    /// says whether it did. What is too large for the store is not taken.
    pub fn insert(
        &self,
        key: &Arc<str>,
        value: Arc<V>,
        weight: usize,
        keep: impl Fn(&V) -> bool,
    ) -> bool {
        let weight = weight + OVERHEAD + 2 * key.len();
        if weight > self.capacity / LARGEST {
            return false;
        }
        let mut line = self.line();
        let map = self.map.pin();
        let former = map.get(&**key);
        if former.is_some_and(|slot| keep(&slot.value)) {
            return false;
        }
        let seat = match former {
            Some(slot) => {
                line.replace(&slot.seat, slot.weight.load(Ordering::Relaxed), weight);
                slot.seat.clone()
            }
            None => line.seat(key, weight),
        };
        map.insert(Arc::clone(key), Slot { value, weight: AtomicUsize::new(weight), seat });
        self.shrink(&mut line);
        true
    }

    /// The value under this key, if it is still this one, has come to weigh so much more.
    pub fn grow(&self, key: &str, value: &Arc<V>, by: usize) {
        let mut line = self.line();
        if let Some(slot) = self.map.pin().get(key).filter(|slot| Arc::ptr_eq(&slot.value, value)) {
            let before = slot.weight.fetch_add(by, Ordering::Relaxed);
            line.replace(&slot.seat, before, before + by);
        }
        self.shrink(&mut line);
    }

    /// Takes out what stands under the key.
    pub fn remove(&self, key: &str) {
        let map = self.map.pin();
        if map.contains_key(key) {
            let mut line = self.line();
            if let Some(slot) = map.remove(key) {
                line.leave(key, &slot.seat, slot.weight.load(Ordering::Relaxed));
            }
        }
    }

    /// How full it is.
    pub fn fullness(&self) -> Fullness {
        let line = self.line();
        Fullness { bytes: line.bytes(), entries: line.len(), evicted: line.evicted() }
    }

    fn shrink(&self, line: &mut Line) {
        let map = self.map.pin();
        while line.bytes() > self.capacity {
            let look = |key: &Arc<str>| {
                map.get(&**key).map(|slot| (slot.seat.clone(), slot.weight.load(Ordering::Relaxed)))
            };
            match line.evict(self.capacity, look) {
                Some(key) => _ = map.remove(&*key),
                None => break,
            }
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &Store<usize>, key: usize) {
        let text: Arc<str> = format!("key-{key}").into();
        store.insert(&text, Arc::new(key), 744, |_| false);
    }

    fn has(store: &Store<usize>, key: usize) -> bool {
        store.get(&format!("key-{key}")).is_some()
    }

    #[test]
    fn random_keys_leave_the_hot_ones_and_the_bound_alone() {
        let store = Store::new(1 << 20);
        let (mut asked, mut found) = (0, 0);
        for round in 0..1000 {
            for hot in 0..200 {
                asked += 1;
                if has(&store, hot) {
                    found += 1;
                } else {
                    put(&store, hot);
                }
            }
            for n in 0..1000 {
                let random = 1000 + round * 1000 + n;
                assert!(!has(&store, random));
                put(&store, random);
            }
            assert!(store.fullness().bytes <= 1 << 20);
        }
        assert!(found * 100 >= asked * 95, "{found} of {asked}");
        assert_eq!(store.map.len(), store.fullness().entries);
    }

    #[test]
    fn the_hot_keys_of_yesterday_make_room() {
        let store = Store::new(1 << 18);
        for day in 0..5 {
            for _ in 0..20 {
                for key in day * 1000..day * 1000 + 100 {
                    if !has(&store, key) {
                        put(&store, key);
                    }
                }
            }
            let kept = (day * 1000..day * 1000 + 100).filter(|key| has(&store, *key)).count();
            assert!(kept > 90, "{kept} on day {day}");
        }
    }

    #[test]
    fn weights_are_kept_when_values_are_replaced_and_grow() {
        let store = Store::new(1 << 20);
        let key: Arc<str> = "a".into();
        assert!(store.insert(&key, Arc::new(1), 1000, |_| false));
        let first = store.fullness().bytes;
        assert!(store.insert(&key, Arc::new(2), 3000, |_| false));
        assert_eq!(store.fullness().bytes, first + 2000);
        assert!(!store.insert(&key, Arc::new(3), 10, |former| *former == 2));
        let second = store.get("a").unwrap();
        assert_eq!(*second, 2);
        store.grow("a", &second, 500);
        store.grow("a", &Arc::new(2), 500);
        assert_eq!(store.fullness(), Fullness { bytes: first + 2500, entries: 1, evicted: 0 });
        assert!(!store.insert(&"large".into(), Arc::new(4), 1 << 18, |_| false));
    }
}

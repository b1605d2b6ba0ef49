//! The queues of a store: who came, who was asked for again, who has to leave (S3-FIFO).

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The share of the bytes that the short queue has.
const SHORT: usize = 10;
/// How many keys are remembered that left the short queue.
const GONE: usize = 8192;
/// Being asked for more often than this gives no better standing.
const OFTEN: u8 = 3;

/// The standing of one entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Seat(Arc<Standing>);

#[derive(Debug, Default)]
struct Standing {
    asked: AtomicU8,
    long: AtomicBool,
}

impl Seat {
    /// It was asked for. Once it is known to be asked for often, nothing is written: the cores
    /// that read it share its cache line.
    pub(super) fn touch(&self) {
        let asked = self.0.asked.load(Ordering::Relaxed);
        if asked < OFTEN {
            self.0.asked.store(asked + 1, Ordering::Relaxed);
        }
    }

    fn spend(&self) -> bool {
        let asked = self.0.asked.load(Ordering::Relaxed);
        if asked > 0 {
            self.0.asked.store(asked - 1, Ordering::Relaxed);
        }
        asked > 0
    }

    fn is_long(&self) -> bool {
        self.0.long.load(Ordering::Relaxed)
    }
}

/// Both queues, with the bytes in each.
#[derive(Debug)]
pub(super) struct Line {
    short: VecDeque<Arc<str>>,
    long: VecDeque<Arc<str>>,
    short_bytes: usize,
    long_bytes: usize,
    gone: VecDeque<u64>,
    gone_set: HashSet<u64>,
    hasher: RandomState,
    evicted: u64,
}

impl Line {
    pub(super) fn new(hasher: RandomState) -> Self {
        let (short, long, gone) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        let gone_set = HashSet::new();
        Self { short, long, short_bytes: 0, long_bytes: 0, gone, gone_set, hasher, evicted: 0 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.short_bytes + self.long_bytes
    }

    pub(super) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Seats a newcomer: in the long queue if it left the short one not long ago.
    pub(super) fn seat(&mut self, key: &Arc<str>, weight: usize) -> Seat {
        let seat = Seat::default();
        if self.gone_set.remove(&self.hasher.hash_one(key)) {
            self.promote(&seat, Arc::clone(key), weight);
        } else {
            self.short.push_back(Arc::clone(key));
            self.short_bytes += weight;
        }
        seat
    }

    /// An entry weighs something else from now on.
    pub(super) fn replace(&mut self, seat: &Seat, before: usize, after: usize) {
        let bytes = if seat.is_long() { &mut self.long_bytes } else { &mut self.short_bytes };
        *bytes = bytes.saturating_sub(before) + after;
    }

    /// An entry leaves by itself.
    pub(super) fn leave(&mut self, key: &str, seat: &Seat, weight: usize) {
        self.replace(seat, weight, 0);
        let queue = if seat.is_long() { &mut self.long } else { &mut self.short };
        queue.retain(|other| **other != *key);
    }

    /// Decides who leaves; `look` gives the seat and the weight of a key.
    pub(super) fn evict(
        &mut self,
        capacity: usize,
        look: impl Fn(&Arc<str>) -> Option<(Seat, usize)>,
    ) -> Option<Arc<str>> {
        loop {
            let from_short = self.short_bytes > capacity / SHORT || self.long.is_empty();
            let queue = if from_short { &mut self.short } else { &mut self.long };
            let key = queue.pop_front()?;
            let Some((seat, weight)) = look(&key) else { continue };
            let asked = seat.spend();
            if from_short {
                self.short_bytes = self.short_bytes.saturating_sub(weight);
                if asked {
                    self.promote(&seat, key, weight);
                    continue;
                }
                self.remember(&key);
            } else if asked {
                self.long.push_back(key);
                continue;
            } else {
                self.long_bytes = self.long_bytes.saturating_sub(weight);
            }
            self.evicted += 1;
            return Some(key);
        }
    }

    fn promote(&mut self, seat: &Seat, key: Arc<str>, weight: usize) {
        seat.0.long.store(true, Ordering::Relaxed);
        self.long.push_back(key);
        self.long_bytes += weight;
    }

    fn remember(&mut self, key: &Arc<str>) {
        let hash = self.hasher.hash_one(key);
        if self.gone_set.insert(hash) {
            self.gone.push_back(hash);
        }
        if self.gone.len() > GONE
            && let Some(oldest) = self.gone.pop_front()
        {
            self.gone_set.remove(&oldest);
        }
    }
}

//! One fill of an entry at a time: the others wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How a fill ended.
#[derive(Debug)]
pub enum Landed<V> {
    /// With an entry.
    Entry(Arc<V>),
    /// The database did not answer.
    Failed,
    /// With an answer that is not kept.
    Unkept,
    /// Its client hung up, or it broke: the next one may try.
    Abandoned,
}

impl<V> Clone for Landed<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Entry(entry) => Self::Entry(Arc::clone(entry)),
            Self::Failed => Self::Failed,
            Self::Unkept => Self::Unkept,
            Self::Abandoned => Self::Abandoned,
        }
    }
}

type Tower<V> = Mutex<HashMap<Arc<str>, watch::Receiver<Landed<V>>>>;

/// The fills that are under way.
#[derive(Debug)]
pub struct Flights<V>(Arc<Tower<V>>);

impl<V> Default for Flights<V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(HashMap::new())))
    }
}

/// What a caller has to do for an entry.
#[derive(Debug)]
pub enum Join<V> {
    /// Fill it.
    Lead(Lead<V>),
    /// Wait for the one that does.
    Wait(Wait<V>),
}

/// The duty to fill an entry. Dropped without [`Lead::land`], it passes to one that waits.
#[derive(Debug)]
pub struct Lead<V> {
    key: Arc<str>,
    tower: Arc<Tower<V>>,
    tell: watch::Sender<Landed<V>>,
}

/// Waits for a fill.
#[derive(Debug)]
pub struct Wait<V>(watch::Receiver<Landed<V>>);

impl<V> Flights<V> {
    /// Takes part in the fill of this key.
    pub fn join(&self, key: &Arc<str>) -> Join<V> {
        let mut flights = lock(&self.0);
        if let Some(flight) = flights.get(key) {
            return Join::Wait(Wait(flight.clone()));
        }
        let (tell, wait) = watch::channel(Landed::Abandoned);
        flights.insert(Arc::clone(key), wait);
        Join::Lead(Lead { key: Arc::clone(key), tower: Arc::clone(&self.0), tell })
    }
}

impl<V> Lead<V> {
    /// The key that is filled.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Tells those that wait how it ended.
    pub fn land(self, how: Landed<V>) {
        // Sent when the entry is out of the map, which is when this is dropped.
        self.tell.send_replace(how);
    }
}

impl<V> Drop for Lead<V> {
    fn drop(&mut self) {
        // First out of the map, then (as the sender is dropped) the others wake.
        lock(&self.tower).remove(&self.key);
    }
}

impl<V> Wait<V> {
    /// How the fill ended.
    pub async fn landed(mut self) -> Landed<V> {
        // Only the end of the sender ends the wait: by then the flight is out of the map, so one
        // that tries again cannot join it again.
        while self.0.changed().await.is_ok() {}
        self.0.borrow().clone()
    }
}

fn lock<V>(tower: &Tower<V>) -> MutexGuard<'_, HashMap<Arc<str>, watch::Receiver<Landed<V>>>> {
    tower.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(flights: &Flights<u8>, key: &Arc<str>) -> Lead<u8> {
        match flights.join(key) {
            Join::Lead(lead) => lead,
            Join::Wait(_) => panic!("somebody else leads"),
        }
    }

    fn wait(flights: &Flights<u8>, key: &Arc<str>) -> Wait<u8> {
        match flights.join(key) {
            Join::Wait(wait) => wait,
            Join::Lead(_) => panic!("nobody leads"),
        }
    }

    #[tokio::test]
    async fn all_that_wait_hear_how_the_one_fill_ended() {
        let flights = Flights::default();
        let key: Arc<str> = "k".into();
        let first = lead(&flights, &key);
        let waits: Vec<_> = (0..100).map(|_| wait(&flights, &key)).collect();
        let all = futures_util::future::join_all(waits.into_iter().map(Wait::landed));
        first.land(Landed::Entry(Arc::new(7)));
        assert!(all.await.iter().all(|how| matches!(how, Landed::Entry(n) if **n == 7)));
        assert!(lock(&flights.0).is_empty());
    }

    #[tokio::test]
    async fn a_fill_that_is_dropped_passes_to_one_that_waits() {
        let flights = Flights::default();
        let key: Arc<str> = "k".into();
        let first = lead(&flights, &key);
        let waiting = wait(&flights, &key);
        drop(wait(&flights, &key));
        drop(first);
        assert!(matches!(waiting.landed().await, Landed::Abandoned));
        lead(&flights, &key).land(Landed::Failed);
        lead(&flights, &key).land(Landed::Unkept);
    }
}

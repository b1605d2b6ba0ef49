//! One fill per key at a time: requests for the same key wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How a fill ended.
#[derive(Debug)]
pub enum FillResult<V> {
    /// It produced an entry.
    Entry(Arc<V>),
    /// The database did not answer.
    Failed,
    /// It produced a response that must not be shared.
    Uncacheable,
    /// Its client disconnected or its handler panicked: another request may fill.
    Abandoned,
}

impl<V> Clone for FillResult<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Entry(entry) => Self::Entry(Arc::clone(entry)),
            Self::Failed => Self::Failed,
            Self::Uncacheable => Self::Uncacheable,
            Self::Abandoned => Self::Abandoned,
        }
    }
}

type Receivers<V> = HashMap<Arc<str>, watch::Receiver<FillResult<V>>>;

/// The fills in progress.
#[derive(Debug)]
pub struct SingleFlight<V>(Arc<Mutex<Receivers<V>>>);

impl<V> Default for SingleFlight<V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(HashMap::new())))
    }
}

/// The part of a request in the fill of its key.
#[derive(Debug)]
pub enum FillRole<V> {
    /// It fills.
    Leader(FillLeader<V>),
    /// It waits for the request that fills.
    Follower(FillFollower<V>),
}

/// The request that fills an entry. If it is dropped without [`FillLeader::finish`], the followers
/// receive [`FillResult::Abandoned`].
#[derive(Debug)]
pub struct FillLeader<V> {
    key: Arc<str>,
    receivers: Arc<Mutex<Receivers<V>>>,
    sender: watch::Sender<FillResult<V>>,
}

/// A request that waits for a fill.
#[derive(Debug)]
pub struct FillFollower<V>(watch::Receiver<FillResult<V>>);

impl<V> SingleFlight<V> {
    /// Joins the fill of this key, or starts it.
    pub fn join(&self, key: &Arc<str>) -> FillRole<V> {
        let mut receivers = lock(&self.0);
        if let Some(receiver) = receivers.get(key) {
            return FillRole::Follower(FillFollower(receiver.clone()));
        }
        let (sender, receiver) = watch::channel(FillResult::Abandoned);
        receivers.insert(Arc::clone(key), receiver);
        FillRole::Leader(FillLeader {
            key: Arc::clone(key),
            receivers: Arc::clone(&self.0),
            sender,
        })
    }
}

impl<V> FillLeader<V> {
    /// Returns the key of the entry.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Ends the fill and wakes the followers.
    pub fn finish(self, result: FillResult<V>) {
        // The followers wake when `drop` has removed the key and the sender is dropped.
        self.sender.send_replace(result);
    }
}

impl<V> Drop for FillLeader<V> {
    fn drop(&mut self) {
        // Before the sender is dropped: a follower that tries again must not join this fill.
        lock(&self.receivers).remove(&self.key);
    }
}

impl<V> FillFollower<V> {
    /// Waits for the end of the fill and returns its result.
    pub async fn result(mut self) -> FillResult<V> {
        // An error says that the sender is dropped.
        while self.0.changed().await.is_ok() {}
        self.0.borrow().clone()
    }
}

fn lock<V>(receivers: &Mutex<Receivers<V>>) -> MutexGuard<'_, Receivers<V>> {
    receivers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(fills: &SingleFlight<u8>, key: &Arc<str>) -> FillLeader<u8> {
        match fills.join(key) {
            FillRole::Leader(leader) => leader,
            FillRole::Follower(_) => panic!("there is another leader"),
        }
    }

    fn follow(fills: &SingleFlight<u8>, key: &Arc<str>) -> FillFollower<u8> {
        match fills.join(key) {
            FillRole::Follower(follower) => follower,
            FillRole::Leader(_) => panic!("there is no leader"),
        }
    }

    #[tokio::test]
    async fn all_followers_receive_the_result() {
        let fills = SingleFlight::default();
        let key: Arc<str> = "k".into();
        let leader = lead(&fills, &key);
        let followers: Vec<_> = (0..100).map(|_| follow(&fills, &key)).collect();
        let results = followers.into_iter().map(FillFollower::result);
        let results = futures_util::future::join_all(results);
        leader.finish(FillResult::Entry(Arc::new(7)));
        let is_entry = |result: &FillResult<u8>| matches!(result, FillResult::Entry(n) if **n == 7);
        assert!(results.await.iter().all(is_entry));
        assert!(lock(&fills.0).is_empty());
    }

    #[tokio::test]
    async fn an_abandoned_fill_can_be_started_again() {
        let fills = SingleFlight::default();
        let key: Arc<str> = "k".into();
        let leader = lead(&fills, &key);
        let follower = follow(&fills, &key);
        drop(follow(&fills, &key));
        drop(leader);
        assert!(matches!(follower.result().await, FillResult::Abandoned));
        lead(&fills, &key).finish(FillResult::Failed);
        lead(&fills, &key).finish(FillResult::Uncacheable);
    }
}

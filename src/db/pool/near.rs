//! The connections of a worker thread: carried by the thread that asks, so that neither a question
//! nor its answer wakes another one, which takes longer than all else that the client does for it.
//!
//! No other thread uses them: a worker that ends may take them with it.

use super::Inner;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

thread_local! {
    static HERE: RefCell<Vec<Settled>> = const { RefCell::new(Vec::new()) };
}

/// Tells the pools of a process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// What a worker thread has of one pool, until the thread ends.
struct Settled {
    pool: u64,
    connections: Inner,
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.connections.close();
    }
}

/// The parts of one pool that lie with worker threads.
pub(super) struct Near {
    pool: u64,
    all: Mutex<Vec<Inner>>,
}

impl Default for Near {
    fn default() -> Self {
        Self { pool: COUNT.fetch_add(1, Ordering::Relaxed), all: Mutex::default() }
    }
}

impl Near {
    /// Leaves these connections with the current thread.
    pub(super) fn settle(&self, connections: Inner) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(connections.clone());
        HERE.with_borrow_mut(|here| here.push(Settled { pool: self.pool, connections }));
    }

    /// Those of the current thread, if it has any.
    pub(super) fn here(&self) -> Option<Inner> {
        HERE.with_borrow(|here| {
            let own = here.iter().find(|settled| settled.pool == self.pool);
            own.map(|settled| settled.connections.clone())
        })
    }

    /// Those of all threads.
    pub(super) fn all(&self) -> Vec<Inner> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

//! The pools of worker threads. The runtime of a worker drives the connections of its own pool, so
//! that neither a query nor its result has to wake another thread.
//!
//! Only the worker itself uses them, because they close when its runtime ends.

use super::InnerPool;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

thread_local! {
    static OF_THIS_THREAD: RefCell<Vec<WorkerPool>> = const { RefCell::new(Vec::new()) };
}

/// The number of [`WorkerPools`] made so far, which gives each its id.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The pool of a worker thread, closed when the thread ends.
struct WorkerPool {
    id: u64,
    pool: InnerPool,
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        self.pool.close();
    }
}

/// The pools of all workers of one [`Pool`](super::Pool).
pub(super) struct WorkerPools {
    id: u64,
    all: Mutex<Vec<InnerPool>>,
}

impl Default for WorkerPools {
    fn default() -> Self {
        Self { id: COUNT.fetch_add(1, Ordering::Relaxed), all: Mutex::default() }
    }
}

impl WorkerPools {
    /// Makes `pool` the pool of the current thread.
    pub(super) fn add_for_this_thread(&self, pool: InnerPool) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(pool.clone());
        OF_THIS_THREAD.with_borrow_mut(|pools| pools.push(WorkerPool { id: self.id, pool }));
    }

    /// Returns the pool of the current thread, if it has one.
    pub(super) fn of_this_thread(&self) -> Option<InnerPool> {
        OF_THIS_THREAD.with_borrow(|pools| {
            pools.iter().find(|worker| worker.id == self.id).map(|worker| worker.pool.clone())
        })
    }

    /// Returns the pools of all threads.
    pub(super) fn all(&self) -> Vec<InnerPool> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

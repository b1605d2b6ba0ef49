//! What a fill and the queries within it have to tell each other. They are handlers apart, so it
//! goes with the task: only what is read for the cache may be read from a replica, and only a fill
//! that could be answered from memory has to give up early.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

tokio::task_local! {
    static FILL: Fill;
}

/// A fill that is under way in this task.
#[derive(Debug, Default)]
pub struct Fill {
    patience: Option<Duration>,
    replica: Cell<bool>,
}

impl Fill {
    /// Runs `work` as a fill whose queries give up after `patience`; says also whether any of them
    /// asked a replica.
    pub async fn run<T>(patience: Option<Duration>, work: impl Future<Output = T>) -> (T, bool) {
        let fill = Self { patience, replica: Cell::new(false) };
        FILL.scope(fill, async {
            let done = work.await;
            (done, Self::has_asked_replica())
        })
        .await
    }

    /// Whether this task is a fill.
    pub fn is_under_way() -> bool {
        FILL.try_with(|_| ()).is_ok()
    }

    /// How long its queries may take, if less than usual.
    pub fn patience() -> Option<Duration> {
        FILL.try_with(|fill| fill.patience).ok().flatten()
    }

    /// Whether a replica was asked so far.
    pub fn has_asked_replica() -> bool {
        FILL.try_with(|fill| fill.replica.get()).unwrap_or_default()
    }

    /// A replica was asked.
    pub fn asked_replica() {
        // Outside of a fill nobody wants to know.
        _ = FILL.try_with(|fill| fill.replica.set(true));
    }
}

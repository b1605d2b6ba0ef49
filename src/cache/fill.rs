//! Task-local data that a cache fill shares with its queries.
//!
//! Only reads for the cache may use a replica, and only a fill that has a cached response to fall
//! back on has a time limit of its own. The handlers between the two do not know about either.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

tokio::task_local! {
    static FILL: Fill;
}

/// A cache fill in the current task.
#[derive(Debug)]
pub struct Fill {
    time_limit: Option<Duration>,
    started: Instant,
    used_replica: Cell<bool>,
}

impl Fill {
    /// Runs `work` as a fill whose queries may take `time_limit` together. Returns its output and
    /// whether it read from a replica.
    pub async fn run<T>(time_limit: Option<Duration>, work: impl Future<Output = T>) -> (T, bool) {
        let fill = Self { time_limit, started: Instant::now(), used_replica: Cell::new(false) };
        FILL.scope(fill, async {
            let output = work.await;
            (output, Self::has_used_replica())
        })
        .await
    }

    /// Returns whether the current task is a fill.
    pub fn is_active() -> bool {
        FILL.try_with(|_| ()).is_ok()
    }

    /// Returns how long all queries of this fill may take together, if it has a limit.
    pub fn time_limit() -> Option<Duration> {
        FILL.try_with(|fill| fill.time_limit).ok().flatten()
    }

    /// Returns how much of the time limit is left.
    pub fn time_left() -> Option<Duration> {
        let left = |fill: &Self| Some(fill.time_limit?.saturating_sub(fill.started.elapsed()));
        FILL.try_with(left).ok().flatten()
    }

    /// Returns whether this fill has read from a replica.
    pub fn has_used_replica() -> bool {
        FILL.try_with(|fill| fill.used_replica.get()).unwrap_or_default()
    }

    /// Records that this fill reads from a replica. Does nothing outside of a fill.
    pub fn set_used_replica() {
        // The error says that there is no fill.
        _ = FILL.try_with(|fill| fill.used_replica.set(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn queries_share_the_time_limit_of_their_fill() {
        assert_eq!((Fill::is_active(), Fill::time_left()), (false, None));
        let limit = Duration::from_millis(50);
        let queries = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let left = Fill::time_left().unwrap();
            tokio::time::sleep(limit).await;
            (left, Fill::time_left().unwrap(), Fill::time_limit())
        };
        let ((left, later, limit_of_all), _) = Fill::run(Some(limit), queries).await;
        assert!(left <= Duration::from_millis(30), "{left:?}");
        assert_eq!((later, limit_of_all), (Duration::ZERO, Some(limit)));
    }
}

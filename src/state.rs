//! The state of one instance, shared by all handlers and background tasks.

use crate::cache::{self, Cache, Change, Fill, Replica};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Conn, DbError, Pool};
use crate::error::{Code, Error, Result};
use crate::idempotency::IdempotentRequest;
use crate::metrics::Metrics;
use crate::response::{CachedResponse, StoredResponse};
use actix_web::web::Data;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use futures_util::future::BoxFuture;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// The state as handlers and tasks share it.
pub type SharedState = Data<State>;

/// What every handler can reach.
#[derive(Debug)]
pub struct State {
    pool: Pool,
    clock: Clock,
    config: Config,
    metrics: Metrics,
    cache: Cache<CachedResponse>,
    replica: Option<Replica>,
    stopping: AtomicBool,
}

impl State {
    /// The state of one instance.
    pub fn new(pool: Pool, clock: Clock, config: Config) -> Self {
        let cache = Cache::new(config.cache_bytes, config.stale_if_error());
        let mut registry = Registry::default();
        cache.register(&mut registry);
        let metrics = Metrics::new(registry);
        let stopping = AtomicBool::new(false);
        Self { pool, clock, config, metrics, cache, replica: None, stopping }
    }

    /// The same, with replicas that take the reads of a cold cache.
    #[must_use]
    pub fn with_replica(mut self, pool: Pool) -> Self {
        self.cache.coherence().use_position();
        self.replica = Some(Replica::new(pool));
        self
    }

    /// Lets the current worker thread keep its part of the connections to itself.
    pub fn settle_here(&self) {
        self.pool.settle_here();
        if let Some(replica) = &self.replica {
            replica.settle_here();
        }
    }

    /// Reads from the database: one connection, taken now, and one deadline for all of it.
    ///
    /// A public read may come from a replica, if that is as new as all that was shown before.
    ///
    /// # Errors
    /// 503 when no connection is to be had, 504 when the deadline passes, and what `work` returns.
    pub async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&AsyncPgConnection) -> Result<T>,
    ) -> Result<T> {
        let patience = Fill::patience();
        let wait = patience.unwrap_or(Duration::MAX);
        let conn = match timeout(wait, self.checkout()).await {
            Ok(conn) => conn?,
            Err(_) => return Err(Error::unavailable(DbError::Deadline(wait))),
        };
        let deadline = self.deadline();
        let read = async {
            let found = work(&conn).await?;
            if self.replica.is_some() && Fill::is_under_way() {
                cache::note_shown(&conn, self.cache.coherence()).await?;
            }
            Ok(found)
        };
        timeout(deadline, read).await.unwrap_or_else(|_late| Err(deadline_exceeded(deadline)))
    }

    /// How long what this task reads may take, once it has a connection.
    pub fn deadline(&self) -> Duration {
        self.config.query_deadline_ms.min(Fill::patience().unwrap_or(Duration::MAX))
    }

    /// Whether what this task reads might as well be read by another one for it: not if only the
    /// other's may be asked of a replica.
    pub fn may_share_reads(&self) -> bool {
        self.replica.is_none() || Fill::is_under_way()
    }

    async fn checkout(&self) -> Result<Conn> {
        if let Some(replica) = self.replica.as_ref().filter(|_| Fill::is_under_way())
            && let Some(conn) = replica.checkout(self.cache.coherence()).await
        {
            return Ok(conn);
        }
        Ok(self.pool.get().await?)
    }

    /// Says what was changed by other ways than [`State::write`], so that no older answer leaves
    /// this instance any more. To be called after the commit and before anybody is told; other
    /// instances hear of it from the database.
    pub fn changed(&self, change: Change<'_>) {
        self.cache.coherence().changed(change);
    }

    /// The cache of public answers.
    pub fn cache(&self) -> &Cache<CachedResponse> {
        &self.cache
    }

    /// Writes to the database: one transaction, in a task of its own, so that a client that hangs up
    /// does not break it off half way. When it returns, no older answer leaves this instance.
    ///
    /// # Errors
    /// As [`State::read`]; then nothing is written.
    pub async fn write<T, F>(state: &Data<Self>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let state = Data::clone(state);
        let task = tokio::spawn(async move {
            let mut conn = state.pool.get().await?;
            let deadline = state.config.query_deadline_ms;
            let done = timeout(deadline, conn.transaction(async |conn| work(conn).await));
            let done = done.await.unwrap_or_else(|_late| Err(deadline_exceeded(deadline)));
            drop(conn);
            // Also after a failure: whether it was written may not be known.
            state.cache.coherence().catch_up().await;
            done
        });
        task.await.map_err(Error::internal)?
    }

    /// The same for a POST that is to be done once, whatever is repeated.
    ///
    /// # Errors
    /// As [`State::write`]; and 409 or 422 for a key that is in use or was used for something else.
    pub async fn write_once<F>(
        state: &Data<Self>,
        attempt: IdempotentRequest,
        work: F,
    ) -> Result<StoredResponse>
    where
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<StoredResponse>>
            + Send
            + 'static,
    {
        let now = state.clock.now();
        Self::write(state, move |conn| {
            Box::pin(async move {
                if let Some(answer) = attempt.earlier(conn, now).await? {
                    return Ok(answer);
                }
                let answer = work(conn).await?;
                attempt.keep(conn, &answer, now).await?;
                Ok(answer)
            })
        })
        .await
    }

    /// Says from now on that the service is about to stop, so that others send no more requests.
    pub fn stop_soon(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The pool of connections.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// Returns the error for database work that took longer than `deadline`: 504.
pub fn deadline_exceeded(deadline: Duration) -> Error {
    let cause = DbError::Deadline(deadline);
    Error::new(Code::Deadline, "the database took too long; try again").caused_by(cause)
}

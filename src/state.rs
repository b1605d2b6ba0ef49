//! The state of one instance, shared by all handlers and background tasks.

use crate::cache::{self, Cache, Change, Fill, Replica};
use crate::clock::Clock;
use crate::config::Config;
use crate::costly_reads::CostlyReads;
use crate::db::{DeadlineExceeded, Pool, PoolError, PooledConnection};
use crate::error::{Code, Error, Result};
use crate::idempotency::IdempotentRequest;
use crate::metrics::Metrics;
use crate::permalink::Permalinks;
use crate::response::{CachedResponse, StoredResponse};
use crate::retry::with_retries;
use actix_web::web::Data;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection as _, TransactionManager as _,
};
use futures_util::future::BoxFuture;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// The state as handlers and background tasks share it.
pub type SharedState = Data<State>;

/// What every handler uses.
#[derive(Debug)]
pub struct State {
    pool: Pool,
    clock: Clock,
    config: Config,
    permalinks: Arc<Permalinks>,
    metrics: Metrics,
    cache: Cache<CachedResponse>,
    replica: Option<Replica>,
    write_permits: Semaphore,
    costly_reads: CostlyReads,
    stopping: watch::Sender<bool>,
}

impl State {
    /// Creates the state of one instance.
    pub fn new(pool: Pool, clock: Clock, config: Config) -> Self {
        let cache = Cache::new(config.cache_bytes, config.stale_if_error());
        let mut registry = Registry::default();
        cache.register_metrics(&mut registry);
        let metrics = Metrics::new(registry);
        let stopping = watch::Sender::new(false);
        let connections = usize::from(config.pool_size);
        // Writes that wait for each other's locks, and costly reads, leave connections for other reads.
        let write_permits = Semaphore::new(connections.div_ceil(2));
        let costly_reads = CostlyReads::new(connections.div_ceil(4));
        let replica = None;
        let permalinks = Arc::new(Permalinks::from_config(&config));
        Self {
            pool,
            clock,
            config,
            permalinks,
            metrics,
            cache,
            replica,
            write_permits,
            costly_reads,
            stopping,
        }
    }

    /// Adds replicas, which serve the reads that the cache misses.
    #[must_use]
    pub fn with_replica(mut self, pool: Pool) -> Self {
        self.cache.invalidation().track_replica();
        self.replica = Some(Replica::new(pool));
        self
    }

    /// Gives the current worker thread connections of its own.
    pub fn init_worker(&self) {
        self.pool.init_worker();
        if let Some(replica) = &self.replica {
            replica.init_worker();
        }
    }

    /// Reads from the database, in one read-only transaction and with one deadline: all statements see
    /// the same moment, so a response never mixes two versions.
    ///
    /// A public read may use a replica that has replayed everything that was served before.
    ///
    /// # Errors
    /// 503 when no connection is available, 504 when the deadline passes, and those of `reads`.
    pub async fn read<T>(
        &self,
        reads: impl AsyncFnOnce(&AsyncPgConnection) -> Result<T>,
    ) -> Result<T> {
        self.with_connection(async |conn| conn.read_snapshot(reads).await).await
    }

    /// Uses a connection without a transaction: for statements that stand alone.
    ///
    /// # Errors
    /// As [`State::read`].
    pub async fn with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&PooledConnection) -> Result<T>,
    ) -> Result<T> {
        let wait = Fill::time_left().unwrap_or(Duration::MAX);
        let conn = match timeout(wait, self.checkout()).await {
            Ok(conn) => conn?,
            Err(_) => return Err(Error::unavailable(PoolError::Timeout(wait))),
        };
        let deadline = self.deadline();
        let read = async {
            let found = work(&conn).await?;
            if self.replica.is_some() && Fill::is_active() {
                cache::record_served_lsn(&conn, self.cache.invalidation()).await?;
            }
            Ok(found)
        };
        timeout(deadline, read).await.unwrap_or_else(|_late| Err(deadline_exceeded(deadline)))
    }

    /// Returns how long a read of this task may take, once it has a connection.
    pub fn deadline(&self) -> Duration {
        self.config.query_deadline_ms.min(Fill::time_left().unwrap_or(Duration::MAX))
    }

    /// Returns whether this task may share its reads with others: with replicas, only reads that fill
    /// the cache may be sent to one.
    pub fn may_share_reads(&self) -> bool {
        self.replica.is_none() || Fill::is_active()
    }

    async fn checkout(&self) -> Result<PooledConnection> {
        if let Some(replica) = self.replica.as_ref().filter(|_| Fill::is_active())
            && let Some(conn) = replica.checkout(self.cache.invalidation()).await
        {
            return Ok(conn);
        }
        Ok(self.pool.get().await?)
    }

    /// Invalidates cached responses after a change that [`State::write`] did not make. Must be called
    /// after the commit and before the response; other instances read the change from the database.
    pub fn invalidate(&self, change: Change<'_>) {
        self.cache.invalidation().record(change);
    }

    /// Returns the cache of public responses.
    pub fn cache(&self) -> &Cache<CachedResponse> {
        &self.cache
    }

    /// Writes to the database in one transaction. It runs in a task of its own, so that a client that
    /// disconnects does not cancel it. A transaction that fails because of a concurrent one is repeated.
    /// When this returns, this instance shows no older data.
    ///
    /// # Errors
    /// As [`State::read`]. Nothing is written then, except perhaps after 504. Each repetition has the whole
    /// deadline.
    pub async fn write<T, F>(state: &Data<Self>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T>>,
        F: Clone + Send + 'static,
    {
        Self::write_locking(state, FirstLock::Nothing, work).await
    }

    /// Writes like [`State::write`], and locks something first.
    ///
    /// # Errors
    /// As [`State::write`].
    pub async fn write_locking<T, F>(state: &Data<Self>, lock: FirstLock, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T>>,
        F: Clone + Send + 'static,
    {
        let state = Data::clone(state);
        let task = tokio::spawn(async move {
            let done = state.transaction(lock, work).await;
            // Also after a failure: the commit may have succeeded.
            state.cache.invalidation().catch_up().await;
            done
        });
        task.await.map_err(Error::internal)?
    }

    /// Runs `work` in a transaction, and repeats it while it conflicts with others.
    async fn transaction<T, F>(&self, lock: FirstLock, work: F) -> Result<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T>> + Clone + Send,
    {
        let wait = self.config.query_deadline_ms;
        let permit = timeout(wait, self.write_permits.acquire()).await;
        let _permit = permit.map_err(|_late| Error::unavailable(PoolError::Timeout(wait)))?;
        with_retries!(self.attempt(lock, work.clone()))
    }

    /// Runs `work` in a transaction once.
    async fn attempt<T, F>(&self, lock: FirstLock, work: F) -> Result<T>
    where
        T: Send,
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T>> + Send,
    {
        let deadline = self.config.query_deadline_ms;
        let mut conn = self.pool.get().await?;
        let done = timeout(deadline, transaction(&mut conn, lock, work));
        done.await.unwrap_or_else(|_late| Err(deadline_exceeded(deadline)))
    }

    /// Writes like [`State::write`], once for each idempotency key.
    ///
    /// # Errors
    /// As [`State::write`]; 409 for a key in use, 422 for one that was used for another request.
    pub async fn write_once<F>(
        state: &Data<Self>,
        request: IdempotentRequest,
        work: F,
    ) -> Result<StoredResponse>
    where
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<StoredResponse>>,
        F: Clone + Send + 'static,
    {
        let lock = FirstLock::Nothing;
        let (response, _) = Self::write_once_with(state, request, lock, move |conn| {
            Box::pin(async move { Ok((work(conn).await?, ())) })
        })
        .await?;
        Ok(response)
    }

    /// Writes like [`State::write_once`]. Also returns what `work` returns beside the response; `None` if
    /// the request is a repeat.
    ///
    /// # Errors
    /// As [`State::write_once`].
    pub async fn write_once_with<T, F>(
        state: &Data<Self>,
        request: IdempotentRequest,
        lock: FirstLock,
        work: F,
    ) -> Result<(StoredResponse, Option<T>)>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<(StoredResponse, T)>>,
        F: Clone + Send + 'static,
    {
        let now = state.clock.now();
        Self::write_locking(state, lock, move |conn| {
            Box::pin(async move {
                if let Some(response) = request.stored_response(conn, now).await? {
                    return Ok((response, None));
                }
                let (response, rest) = work(conn).await?;
                request.store_response(conn, &response, now).await?;
                Ok((response, Some(rest)))
            })
        })
        .await
    }

    /// Announces that the service is about to stop: `/readyz` fails from now on.
    pub fn begin_shutdown(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns whether the service is about to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns a receiver of whether the service is about to stop.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Returns the limit of costly reads.
    pub fn costly_reads(&self) -> &CostlyReads {
        &self.costly_reads
    }

    /// Returns the pool of connections.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the public URLs of this service and its site.
    pub fn permalinks(&self) -> &Arc<Permalinks> {
        &self.permalinks
    }

    /// Returns the metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// What a transaction locks in the round trip that begins it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLock {
    /// Nothing.
    Nothing,
    /// The row of an article, for a write that updates its counters. Whether it exists is not checked.
    Article(i64),
}

/// Runs `work` in a transaction that begins with a lock.
async fn transaction<T, F>(conn: &mut AsyncPgConnection, lock: FirstLock, work: F) -> Result<T>
where
    F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T>>,
{
    let begin = match lock {
        FirstLock::Nothing => "begin".to_owned(),
        FirstLock::Article(id) => {
            format!("begin; select from articles where id = {id} for no key update")
        }
    };
    if let Err(error) = AnsiTransactionManager::begin_transaction_sql(conn, &begin).await {
        // It may have begun, and failed to lock.
        conn.batch_execute("rollback").await?;
        return Err(error.into());
    }
    match work(conn).await {
        Ok(done) => {
            AnsiTransactionManager::commit_transaction(conn).await?;
            Ok(done)
        }
        Err(error) => {
            AnsiTransactionManager::rollback_transaction(conn).await?;
            Err(error)
        }
    }
}

/// Returns the error for database work that took longer than `deadline`: 504.
pub fn deadline_exceeded(deadline: Duration) -> Error {
    let cause = DeadlineExceeded(deadline);
    Error::new(Code::Deadline, "the database took too long; try again").caused_by(cause)
}

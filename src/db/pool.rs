//! A pool of diesel connections in which every wait has a time limit, and a connection is reused only
//! when nothing runs on it.
//!
//! diesel-async 0.9 does not hand out a closed connection or one with an open transaction. But it
//! looks only at the next checkout, so until then the transaction holds its locks; and it does not
//! notice a query that still runs because its caller was dropped, and the next caller would wait for
//! it. [`PooledConnection`] looks for both when it is dropped.
//!
//! It does not notice rows of a large result that are still arriving (the next query waits for them),
//! nor a transaction that was opened with `batch_execute("BEGIN")`: use `transaction` or
//! [`PooledConnection::read_snapshot`].
//!
//! # One pool for each worker, and a shared one
//!
//! A worker thread has a pool of its own, whose connections its runtime drives, so that neither a
//! query nor its result has to wake another thread: a page that is not cached takes 12 % less
//! processor time than with connections that one runtime drives for all workers (`benches/load/run`,
//! 2026-11-29). At least a quarter of the connections are in a shared pool: for background work, and
//! for a worker whose own are all in use. Without it, a few slow requests on one worker would make
//! the next ones wait while connections are free.

mod pooled_connection;
mod worker_pool;

use super::connect::ConnectError;
use super::target::Target;
use deadpool::Runtime;
use deadpool::managed::Timeouts;
use diesel::ConnectionError;
use diesel::connection::CacheSize;
use diesel::result::Error;
use diesel_async::pooled_connection::deadpool::{
    Object, Pool as Deadpool, PoolError as InnerError,
};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError as ManagerError, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::FutureExt;
use futures_util::future::select;
use pooled_connection::{CheckoutState, QueryObserver};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use worker_pool::WorkerPools;

pub use pooled_connection::PooledConnection;

type InnerPool = Deadpool<AsyncPgConnection>;

/// How long a worker waits for a connection of its own pool before it also takes a shared one: the
/// time of a few pages.
const WORKER_POOL_WAIT: Duration = Duration::from_millis(5);

/// The settings of a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The maximum number of connections; at least 1.
    pub size: usize,
    /// The number of worker threads that will call [`Pool::init_worker`].
    pub workers: usize,
    /// The time limit of [`Pool::get`], which includes connecting.
    pub wait: Duration,
    /// The time limit after which the server cancels a statement. Not set through PgBouncer, which
    /// rejects it.
    pub statement_timeout: Duration,
    /// Whether connections go through PgBouncer in transaction mode: then no statement stays prepared
    /// and no setting of the session is made. Needs PgBouncer 1.21 or later with
    /// `max_prepared_statements` above 0.
    pub pgbouncer: bool,
}

impl PoolOptions {
    /// Returns the size of each worker's pool; at least a quarter of the connections are shared.
    fn worker_pool_size(&self) -> usize {
        (self.size - self.size.div_ceil(4)).checked_div(self.workers).unwrap_or_default()
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            size: 8,
            workers: 0,
            wait: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(2),
            pgbouncer: false,
        }
    }
}

/// Why the pool has no connection.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// All connections were in use until the time limit.
    #[error("no free database connection within {0:?}")]
    Timeout(Duration),
    /// No connection could be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The pool is paused, because the database is not reachable yet or its schema is not up to date.
    #[error("the database is not ready yet")]
    Paused,
    /// The pool was closed.
    #[error("the database pool is closed")]
    Closed,
}

/// The number of connections at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// Open connections, in use or not.
    pub size: usize,
    /// Open connections that are not in use.
    pub available: usize,
    /// Callers that wait for a connection.
    pub waiting: usize,
    /// The maximum number of connections.
    pub max: usize,
}

/// A pool of connections to one target. Clones share the connections.
#[derive(Clone)]
pub struct Pool {
    shared: InnerPool,
    worker_pools: Arc<WorkerPools>,
    target: Arc<Target>,
    options: PoolOptions,
    statements: Arc<AtomicU64>,
    is_paused: Arc<AtomicBool>,
}

impl Pool {
    /// Creates a pool. It connects when a connection is first needed.
    ///
    /// The runtime that calls this drives the shared connections, whichever runtime asks for them.
    pub fn new(mut target: Target, mut options: PoolOptions) -> Self {
        if options.pgbouncer {
            target.set_pgbouncer();
        }
        options.pgbouncer = target.pgbouncer();
        // Less than the whole wait, so that the reason of a failure is known by then.
        target.fit_attempts_into(options.wait * 9 / 10);
        if !options.pgbouncer {
            target.limit_statements(options.statement_timeout);
        }
        let target = Arc::new(target);
        let runtime = Handle::try_current().ok();
        let shared_size = options.size.max(1) - options.workers * options.worker_pool_size();
        let shared = build(&target, runtime, shared_size);
        let (worker_pools, statements) = (Arc::default(), Arc::default());
        Self { shared, worker_pools, target, options, statements, is_paused: Arc::default() }
    }

    /// Gives the current thread, a worker's with a runtime of its own, a pool of its own. The pool is
    /// closed when the thread ends.
    pub fn init_worker(&self) {
        let size = self.options.worker_pool_size();
        if size > 0 && self.worker_pools.of_this_thread().is_none() {
            self.worker_pools.add_for_this_thread(build(&self.target, None, size));
        }
    }

    /// Returns a free connection, or opens one. It goes back to the pool when it is dropped.
    pub async fn get(&self) -> Result<PooledConnection, PoolError> {
        if self.is_paused.load(Ordering::Relaxed) {
            return Err(PoolError::Paused);
        }
        let wait = self.options.wait;
        let mut object = match tokio::time::timeout(wait, self.checkout()).await {
            Ok(Ok(object)) => object,
            Ok(Err(error)) => return Err(PoolError::from(error)),
            Err(_) => return Err(PoolError::Timeout(wait)),
        };
        let state = Arc::new(CheckoutState::default());
        object.set_instrumentation(QueryObserver {
            state: Arc::clone(&state),
            statements: Arc::clone(&self.statements),
        });
        Ok(PooledConnection::new(object, state, Arc::clone(&self.target)))
    }

    /// Takes a connection of the thread's own pool, after a short wait if need be; else the first
    /// that is free there or in the shared pool. A connection that is being opened is not given up
    /// for one that becomes free meanwhile.
    async fn checkout(&self) -> Result<Object<AsyncPgConnection>, InnerError> {
        let Some(own) = self.worker_pools.of_this_thread() else { return self.shared.get().await };
        for (pool, wait) in [(&own, WORKER_POOL_WAIT), (&self.shared, Duration::ZERO)] {
            let timeouts = Timeouts { wait: Some(wait), ..Timeouts::default() };
            match pool.timeout_get(&timeouts).await {
                Err(InnerError::Timeout(_)) => {}
                result => return result,
            }
        }
        select(pin!(own.get()), pin!(self.shared.get())).await.factor_first().0
    }

    /// Makes [`Pool::get`] fail until [`Pool::resume`].
    pub fn pause(&self) {
        self.is_paused.store(true, Ordering::Relaxed);
    }

    /// Makes [`Pool::get`] return connections again.
    pub fn resume(&self) {
        self.is_paused.store(false, Ordering::Relaxed);
    }

    /// Returns the number of connections.
    pub fn status(&self) -> PoolStatus {
        let mut sum = PoolStatus { size: 0, available: 0, waiting: 0, max: 0 };
        for pool in self.inner_pools() {
            let status = pool.status();
            sum.size += status.size;
            sum.available += status.available;
            sum.waiting += status.waiting;
            sum.max += status.max_size;
        }
        sum
    }

    /// Returns the shared pool and those of the workers.
    fn inner_pools(&self) -> Vec<InnerPool> {
        let mut pools = self.worker_pools.all();
        pools.push(self.shared.clone());
        pools
    }

    /// Returns the number of statements that were run since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Returns what this pool connects to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Closes the free connections, and each other one when it is dropped. [`Pool::get`] then fails.
    pub fn close(&self) {
        for pool in self.inner_pools() {
            pool.close();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}, {:?})", self.target, self.status())
    }
}

/// Returns a pool of at most `size` connections, driven by `runtime` or else by the runtime that asks
/// for them.
fn build(target: &Arc<Target>, runtime: Option<Handle>, size: usize) -> InnerPool {
    let target = Arc::clone(target);
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_url| {
        let target = Arc::clone(&target);
        let runtime = runtime.clone();
        async move {
            let is_pgbouncer = target.pgbouncer();
            let mut connection = establish_on(runtime, target).await.map_err(wrap)?;
            if is_pgbouncer {
                connection.set_prepared_statement_cache_size(CacheSize::Disabled);
            }
            Ok(connection)
        }
        .boxed()
    });
    let manager = AsyncDieselConnectionManager::new_with_config(String::new(), config);
    match InnerPool::builder(manager).max_size(size).runtime(Runtime::Tokio1).build() {
        Ok(pool) => pool,
        Err(error) => unreachable!("only a pool with its own time-outs can fail: {error}"),
    }
}

/// Connects on `runtime`, which then drives the connection.
async fn establish_on(
    runtime: Option<Handle>,
    target: Arc<Target>,
) -> Result<AsyncPgConnection, ConnectError> {
    let Some(runtime) = runtime else { return target.establish().await };
    // Dropping the set aborts its task, so that a dropped caller leaves no attempt behind.
    let mut task = JoinSet::new();
    let task_target = Arc::clone(&target);
    task.spawn_on(async move { task_target.establish().await }, &runtime);
    match task.join_next().await {
        Some(Ok(result)) => result,
        // That runtime has ended.
        _ => target.establish().await,
    }
}

/// Wraps an error for diesel-async's manager, which accepts only diesel's errors.
fn wrap(error: ConnectError) -> ConnectionError {
    ConnectionError::CouldntSetupConfiguration(Error::QueryBuilderError(Box::new(error)))
}

impl From<InnerError> for PoolError {
    fn from(error: InnerError) -> Self {
        if let InnerError::Backend(ManagerError::ConnectionError(
            ConnectionError::CouldntSetupConfiguration(Error::QueryBuilderError(wrapped)),
        )) = error
            && let Ok(error) = wrapped.downcast::<ConnectError>()
        {
            return Self::Connect(*error);
        }
        Self::Closed
    }
}

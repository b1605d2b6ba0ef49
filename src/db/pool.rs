//! A pool of diesel connections in which nothing waits without end and nothing half-done is reused.
//!
//! What diesel-async 0.9 does by itself: a connection that is closed, or has a transaction open, is
//! not handed out again. But it looks only at the *next* checkout, so until then the transaction
//! holds its locks; and it does not notice a query that still runs because the caller went away
//! (the next caller would wait for it). [`Conn`] looks when it is dropped, at both.
//!
//! Left unseen: rows of a large result that were still arriving (the next query waits for them), and
//! a transaction opened by hand with `batch_execute("BEGIN")`. Use `transaction`.

mod conn;
mod near;

use super::connect::ConnectError;
use super::target::Target;
use conn::{Watch, Watcher};
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
use near::Near;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

pub use conn::Conn;

type Inner = Deadpool<AsyncPgConnection>;

/// How long a worker waits for a connection of its own before it takes any other: some pages' time.
const NEARLY: Duration = Duration::from_millis(5);

/// How a [`Pool`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The most connections to have at a time; at least 1.
    pub size: usize,
    /// How many worker threads will [settle](Pool::settle_here); each keeps a part of the
    /// connections to itself.
    pub workers: usize,
    /// How long [`Pool::get`] may take, connecting included.
    pub wait: Duration,
    /// When the server ends a statement. Not sent through pgbouncer, which refuses it.
    pub statement_timeout: Duration,
    /// A pgbouncer in transaction mode stands in between: no statement is kept prepared and no
    /// session setting made. Needs pgbouncer 1.21 or later with `max_prepared_statements` above 0.
    pub pgbouncer: bool,
}

impl PoolOptions {
    /// How many connections each worker keeps to itself. A quarter at least are left to all: for
    /// what no worker does, and for the worker that has more to do than others.
    fn near(&self) -> usize {
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

/// Why there is no connection to be had.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// All connections were in use until the deadline.
    #[error("no free database connection within {0:?}")]
    Timeout(Duration),
    /// The database cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database is waited for, or its schema is not yet up to date.
    #[error("the database is not ready yet")]
    Held,
    /// The pool was closed.
    #[error("the database pool is closed")]
    Closed,
}

/// A count of connections at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// Connections that exist, in use or not.
    pub size: usize,
    /// Connections that exist and are free.
    pub available: usize,
    /// Callers that wait for one.
    pub waiting: usize,
    /// The most there may be.
    pub max: usize,
}

/// Connections to one target. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Pool {
    common: Inner,
    near: Arc<Near>,
    target: Arc<Target>,
    options: PoolOptions,
    statements: Arc<AtomicU64>,
    held: Arc<AtomicBool>,
}

impl Pool {
    /// Makes a pool; connects on first use.
    ///
    /// The runtime this is called in carries the connections that no worker keeps to itself,
    /// whichever runtime asks for them.
    pub fn new(mut target: Target, mut options: PoolOptions) -> Self {
        options.pgbouncer |= target.pgbouncer();
        // A little below the deadline, so that the reason is known by then.
        target.fit_attempts_into(options.wait * 9 / 10);
        if !options.pgbouncer {
            target.limit_statements(options.statement_timeout);
        }
        let target = Arc::new(target);
        let carrier = Handle::try_current().ok();
        let common = options.size.max(1) - options.workers * options.near();
        let common = connections(&target, options.pgbouncer, carrier, common);
        let (near, statements, held) = (Arc::default(), Arc::default(), Arc::default());
        Self { common, near, target, options, statements, held }
    }

    /// Lets the current thread, a worker's with a runtime of its own, keep its part of the
    /// connections to itself. It is given back when the thread ends.
    pub fn settle_here(&self) {
        let part = self.options.near();
        if part > 0 && self.near.here().is_none() {
            self.near.settle(connections(&self.target, self.options.pgbouncer, None, part));
        }
    }

    /// Takes a connection out of the pool, or makes one. It goes back when it is dropped.
    pub async fn get(&self) -> Result<Conn, PoolError> {
        if self.held.load(Ordering::Relaxed) {
            return Err(PoolError::Held);
        }
        let wait = self.options.wait;
        let mut object = match tokio::time::timeout(wait, self.object()).await {
            Ok(Ok(object)) => object,
            Ok(Err(error)) => return Err(PoolError::from(error)),
            Err(_) => return Err(PoolError::Timeout(wait)),
        };
        let watch = Arc::new(Watch::default());
        object.set_instrumentation(Watcher(Arc::clone(&watch), Arc::clone(&self.statements)));
        Ok(Conn::new(object, watch, Arc::clone(&self.target)))
    }

    /// One of the thread's own connections, also if that has to be waited for a little; else what
    /// is or comes free first. A connection that is being made is not given up for another one.
    async fn object(&self) -> Result<Object<AsyncPgConnection>, InnerError> {
        let Some(own) = self.near.here() else { return self.common.get().await };
        for (pool, wait) in [(&own, NEARLY), (&self.common, Duration::ZERO)] {
            let timeouts = Timeouts { wait: Some(wait), ..Timeouts::default() };
            match pool.timeout_get(&timeouts).await {
                Err(InnerError::Timeout(_)) => {}
                done => return done,
            }
        }
        select(pin!(own.get()), pin!(self.common.get())).await.factor_first().0
    }

    /// From now on there is no connection to be had, until [`Pool::release`].
    pub fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
    }

    /// Connections are handed out again.
    pub fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
    }

    /// How many connections there are.
    pub fn status(&self) -> PoolStatus {
        let mut sum = PoolStatus { size: 0, available: 0, waiting: 0, max: 0 };
        for part in self.parts() {
            let status = part.status();
            sum.size += status.size;
            sum.available += status.available;
            sum.waiting += status.waiting;
            sum.max += status.max_size;
        }
        sum
    }

    fn parts(&self) -> Vec<Inner> {
        let mut parts = self.near.all();
        parts.push(self.common.clone());
        parts
    }

    /// How many statements were sent since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// What this pool connects to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Closes the free connections, and each other one when it comes back; `get` fails at once.
    pub fn close(&self) {
        for part in self.parts() {
            part.close();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}, {:?})", self.target, self.status())
    }
}

/// At most `size` connections, carried by this runtime, or by the one that asks for them first.
fn connections(
    target: &Arc<Target>,
    pgbouncer: bool,
    carrier: Option<Handle>,
    size: usize,
) -> Inner {
    let target = Arc::clone(target);
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_url| {
        let target = Arc::clone(&target);
        let carrier = carrier.clone();
        async move {
            let mut connection = establish_on(carrier, target).await.map_err(wrap)?;
            if pgbouncer {
                connection.set_prepared_statement_cache_size(CacheSize::Disabled);
            }
            Ok(connection)
        }
        .boxed()
    });
    let manager = AsyncDieselConnectionManager::new_with_config(String::new(), config);
    match Inner::builder(manager).max_size(size).runtime(Runtime::Tokio1).build() {
        Ok(connections) => connections,
        Err(error) => unreachable!("only a pool with its own time-outs can fail: {error}"),
    }
}

async fn establish_on(
    runtime: Option<Handle>,
    target: Arc<Target>,
) -> Result<AsyncPgConnection, ConnectError> {
    let Some(runtime) = runtime else { return target.establish().await };
    // A set ends its task when it is dropped: a caller that gives up leaves no attempt behind.
    let mut task = JoinSet::new();
    let elsewhere = Arc::clone(&target);
    task.spawn_on(async move { elsewhere.establish().await }, &runtime);
    match task.join_next().await {
        Some(Ok(result)) => result,
        // That runtime is gone.
        _ => target.establish().await,
    }
}

/// Carries our error through the manager, which knows only diesel's.
fn wrap(error: ConnectError) -> ConnectionError {
    ConnectionError::CouldntSetupConfiguration(Error::QueryBuilderError(Box::new(error)))
}

impl From<InnerError> for PoolError {
    fn from(error: InnerError) -> Self {
        if let InnerError::Backend(ManagerError::ConnectionError(
            ConnectionError::CouldntSetupConfiguration(Error::QueryBuilderError(carried)),
        )) = error
            && let Ok(error) = carried.downcast::<ConnectError>()
        {
            return Self::Connect(*error);
        }
        Self::Closed
    }
}

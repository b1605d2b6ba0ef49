//! A pool of diesel connections in which nothing waits without end and nothing half-done is reused.
//!
//! What diesel-async 0.9 does by itself: a connection that is closed, or has a transaction open, is
//! not handed out again. But it looks only at the *next* checkout, so until then the transaction
//! holds its locks; and it does not notice a query that still runs because the caller went away
//! (the next caller would wait for it). [`Conn`] looks when it is dropped, at both.
//!
//! Left unseen: rows of a large result that were still arriving (the next query waits for them), and
//! a transaction opened by hand with `batch_execute("BEGIN")`. Use `transaction`.

use super::connect::ConnectError;
use super::target::Target;
use diesel::ConnectionError;
use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::pooled_connection::deadpool::{Object, Pool as Inner, PoolError as InnerError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError as ManagerError, PoolableConnection,
    RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::FutureExt;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// How a [`Pool`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The most connections to have at a time; at least 1.
    pub size: usize,
    /// How long [`Pool::get`] may take, connecting included.
    pub wait: Duration,
    /// When the server ends a statement. Not sent through pgbouncer, which refuses it.
    pub statement_timeout: Duration,
    /// A pgbouncer in transaction mode stands in between: no statement is kept prepared and no
    /// session setting made. Needs pgbouncer 1.21 or later with `max_prepared_statements` above 0.
    pub pgbouncer: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            size: 8,
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
    inner: Inner<AsyncPgConnection>,
    target: Arc<Target>,
    wait: Duration,
    statements: Arc<AtomicU64>,
    held: Arc<AtomicBool>,
}

impl Pool {
    /// Makes a pool; connects on first use.
    ///
    /// The runtime this is called in carries the connections, whichever runtime asks for them: a
    /// worker thread that ends takes none of them with it.
    pub fn new(mut target: Target, mut options: PoolOptions) -> Self {
        options.pgbouncer |= target.pgbouncer();
        // A little below the deadline, so that the reason is known by then.
        target.fit_attempts_into(options.wait * 9 / 10);
        if !options.pgbouncer {
            target.limit_statements(options.statement_timeout);
        }
        let target = Arc::new(target);
        let manager = manager(Arc::clone(&target), options.pgbouncer);
        match Inner::builder(manager).max_size(options.size.max(1)).build() {
            Ok(inner) => Self {
                inner,
                target,
                wait: options.wait,
                statements: Arc::default(),
                held: Arc::default(),
            },
            Err(error) => unreachable!("only a pool with its own time-outs can fail: {error}"),
        }
    }

    /// Takes a connection out of the pool, or makes one. It goes back when it is dropped.
    pub async fn get(&self) -> Result<Conn, PoolError> {
        if self.held.load(Ordering::Relaxed) {
            return Err(PoolError::Held);
        }
        let mut object = match tokio::time::timeout(self.wait, self.inner.get()).await {
            Ok(Ok(object)) => object,
            Ok(Err(error)) => return Err(PoolError::from(error)),
            Err(_) => return Err(PoolError::Timeout(self.wait)),
        };
        let watch = Arc::new(Watch::default());
        object.set_instrumentation(Watcher(Arc::clone(&watch), Arc::clone(&self.statements)));
        Ok(Conn { object: Some(object), watch, target: Arc::clone(&self.target) })
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
        let status = self.inner.status();
        PoolStatus {
            size: status.size,
            available: status.available,
            waiting: status.waiting,
            max: status.max_size,
        }
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
        self.inner.close();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}, {:?})", self.target, self.status())
    }
}

fn manager(
    target: Arc<Target>,
    pgbouncer: bool,
) -> AsyncDieselConnectionManager<AsyncPgConnection> {
    let runtime = Handle::try_current().ok();
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_url| {
        let target = Arc::clone(&target);
        let runtime = runtime.clone();
        async move {
            let mut connection = establish_on(runtime, target).await.map_err(wrap)?;
            if pgbouncer {
                connection.set_prepared_statement_cache_size(CacheSize::Disabled);
            }
            Ok(connection)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config(String::new(), config)
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

/// What happened on a connection since it left the pool.
#[derive(Default)]
struct Watch {
    running: AtomicUsize,
    spent: AtomicBool,
}

/// Hears from diesel about every query of one checkout.
struct Watcher(Arc<Watch>, Arc<AtomicU64>);

impl Instrumentation for Watcher {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.0.running.fetch_add(1, Ordering::Relaxed);
                self.1.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { error, .. } => {
                self.0.running.fetch_sub(1, Ordering::Relaxed);
                // A former primary: the next connection looks for the server that takes writes.
                if let Some(Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) = error
                {
                    self.0.spent.store(true, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }
}

/// A connection out of a [`Pool`]; use it as an [`AsyncPgConnection`].
///
/// Safe to drop at any moment, also in the middle of a query or a transaction: then the connection
/// is closed instead of going back, and the server is asked to cancel what still runs.
pub struct Conn {
    object: Option<Object<AsyncPgConnection>>,
    watch: Arc<Watch>,
    target: Arc<Target>,
}

impl Conn {
    /// Closes the connection instead of giving it back.
    pub fn discard(self) {
        self.watch.spent.store(true, Ordering::Relaxed);
    }
}

impl Deref for Conn {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        match &self.object {
            Some(object) => object,
            None => unreachable!("only drop takes the connection out"),
        }
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        match &mut self.object {
            Some(object) => object,
            None => unreachable!("only drop takes the connection out"),
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        let running = self.watch.running.load(Ordering::Relaxed) > 0;
        if !running && !self.watch.spent.load(Ordering::Relaxed) && !object.is_broken() {
            return;
        }
        let connection = Object::take(object);
        if running && let Ok(runtime) = Handle::try_current() {
            let target = Arc::clone(&self.target);
            let token = connection.cancel_token();
            runtime.spawn(async move { target.cancel(token).await });
        }
    }
}

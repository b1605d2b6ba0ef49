//! A connection of the pool, and what happened on it since its checkout.

use crate::db::target::Target;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::future::join;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::runtime::Handle;

/// What happened on a connection since its checkout.
#[derive(Default)]
pub(super) struct CheckoutState {
    running_queries: AtomicUsize,
    must_close: AtomicBool,
    in_snapshot: AtomicBool,
}

/// Updates the state of a checkout, and counts the statements of the pool, on diesel's events.
pub(super) struct QueryObserver {
    pub(super) state: Arc<CheckoutState>,
    pub(super) statements: Arc<AtomicU64>,
}

impl Instrumentation for QueryObserver {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.state.running_queries.fetch_add(1, Ordering::Relaxed);
                self.statements.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { error, .. } => {
                self.state.running_queries.fetch_sub(1, Ordering::Relaxed);
                // The server was the primary and is no longer: a new connection looks for the one
                // that accepts writes.
                if let Some(Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) = error
                {
                    self.state.must_close.store(true, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }
}

/// A connection of a [`Pool`](super::Pool), for use as an [`AsyncPgConnection`].
///
/// It may be dropped at any moment. Dropped during a query or a transaction, it is closed instead of
/// returned to the pool, and the server is asked to cancel the query.
pub struct PooledConnection {
    object: Option<Object<AsyncPgConnection>>,
    state: Arc<CheckoutState>,
    target: Arc<Target>,
}

impl PooledConnection {
    pub(super) fn new(
        object: Object<AsyncPgConnection>,
        state: Arc<CheckoutState>,
        target: Arc<Target>,
    ) -> Self {
        Self { object: Some(object), state, target }
    }

    /// Runs reads in one `REPEATABLE READ READ ONLY` transaction, so that all of them see the same
    /// moment. `BEGIN` is sent together with the first statement.
    ///
    /// # Errors
    /// Those of `reads`, and when the transaction cannot begin or end.
    pub async fn read_snapshot<T, E: From<Error>>(
        &self,
        reads: impl AsyncFnOnce(&AsyncPgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.state.in_snapshot.store(true, Ordering::Relaxed);
        let conn: &AsyncPgConnection = self;
        let start = async { (&mut &*conn).batch_execute(BEGIN).await };
        let (begun, found) = join(start, reads(conn)).await;
        // Ends the transaction also after an error: it has written nothing.
        let ended = (&mut &*conn).batch_execute("commit").await;
        if begun.is_ok() && ended.is_ok() {
            self.state.in_snapshot.store(false, Ordering::Relaxed);
        }
        let found = found?;
        begun.and(ended)?;
        Ok(found)
    }
}

/// Begins a transaction whose statements all see what was committed before the first of them.
const BEGIN: &str = "begin isolation level repeatable read, read only";

impl Deref for PooledConnection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        match &self.object {
            Some(object) => object,
            None => unreachable!("only drop takes the connection out"),
        }
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        match &mut self.object {
            Some(object) => object,
            None => unreachable!("only drop takes the connection out"),
        }
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        let is_running = self.state.running_queries.load(Ordering::Relaxed) > 0;
        let must_close = self.state.must_close.load(Ordering::Relaxed)
            || self.state.in_snapshot.load(Ordering::Relaxed);
        if !is_running && !must_close && !object.is_broken() {
            return;
        }
        let connection = Object::take(object);
        if is_running && let Ok(runtime) = Handle::try_current() {
            let target = Arc::clone(&self.target);
            let token = connection.cancel_token();
            runtime.spawn(async move { target.cancel(token).await });
        }
    }
}

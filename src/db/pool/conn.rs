//! A connection out of the pool, and what is watched while it is out.

use crate::db::target::Target;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::pooled_connection::deadpool::Object;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::runtime::Handle;

/// What happened on a connection since it left the pool.
#[derive(Default)]
pub(super) struct Watch {
    running: AtomicUsize,
    spent: AtomicBool,
}

/// Hears from diesel about every query of one checkout.
pub(super) struct Watcher(pub(super) Arc<Watch>, pub(super) Arc<AtomicU64>);

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

/// A connection out of a [`Pool`](super::Pool); use it as an [`AsyncPgConnection`].
///
/// Safe to drop at any moment, also in the middle of a query or a transaction: then the connection
/// is closed instead of going back, and the server is asked to cancel what still runs.
pub struct Conn {
    object: Option<Object<AsyncPgConnection>>,
    watch: Arc<Watch>,
    target: Arc<Target>,
}

impl Conn {
    pub(super) fn new(
        object: Object<AsyncPgConnection>,
        watch: Arc<Watch>,
        target: Arc<Target>,
    ) -> Self {
        Self { object: Some(object), watch, target }
    }

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

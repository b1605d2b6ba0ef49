//! The application as `main` and every test build it: its state, its routes and what lies in front.

use crate::cache::{self, Cache, Change, Fill, Replica};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Conn, DbError, Pool};
use crate::error::{Code, Error, Result};
use crate::health::Metrics;
use crate::http::{Answer, Attempt, Entry};
use crate::{
    archive, articles, audit, comments, feeds, health, jobs, keys, links, openapi, outlets, pages,
    related, search, site, tags,
};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig, ServiceConfig, scope};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use futures_util::future::BoxFuture;
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
    comments: comments::Desk,
    jobs: jobs::Desk,
    cache: Cache<Entry>,
    replica: Option<Replica>,
    stopping: AtomicBool,
}

impl State {
    /// The state of one instance.
    pub fn new(pool: Pool, clock: Clock, config: Config) -> Self {
        let comments = comments::Desk::new(&config);
        let cache = Cache::new(config.cache_bytes, config.stale_if_error());
        let metrics = Metrics::new(&cache);
        let jobs = jobs::Desk::default();
        let stopping = AtomicBool::new(false);
        Self { pool, clock, config, metrics, comments, jobs, cache, replica: None, stopping }
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
        timeout(deadline, read).await.unwrap_or_else(|_late| Err(late(deadline)))
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
    pub fn cache(&self) -> &Cache<Entry> {
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
            let done = done.await.unwrap_or_else(|_late| Err(late(deadline)));
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
    pub async fn write_once<F>(state: &Data<Self>, attempt: Attempt, work: F) -> Result<Answer>
    where
        F: for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<Answer>>
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

    /// What is remembered about readers who comment.
    pub fn comments(&self) -> &comments::Desk {
        &self.comments
    }

    /// What is remembered about imports and exports over HTTP.
    pub fn jobs(&self) -> &jobs::Desk {
        &self.jobs
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// The database took longer than this.
pub fn late(deadline: Duration) -> Error {
    let cause = DbError::Deadline(deadline);
    Error::new(Code::Deadline, "the database took too long; try again").caused_by(cause)
}

/// The largest body that is read, in bytes: an article with 500 links and two texts of 200 kB.
pub const MAX_BODY: usize = 4 << 20;

/// All routes. [`crate::http::Front`] is to be wrapped around them.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.app_data(PayloadConfig::new(MAX_BODY));
    site::configure(cfg);
    health::configure(cfg);
    openapi::configure(cfg);
    feeds::configure(cfg);
    pages::configure(cfg);
    cfg.service(
        scope("/api/v1/admin")
            .wrap(from_fn(keys::require_key))
            .configure(articles::configure_admin)
            .configure(outlets::configure_admin)
            .configure(tags::configure_admin)
            .configure(audit::configure)
            .configure(comments::configure_rules)
            .configure(comments::configure_moderation)
            .configure(jobs::configure)
            .configure(jobs::configure_exports)
            .configure(keys::configure),
    );
    cfg.service(
        scope("/api/v1")
            .configure(articles::configure)
            .configure(links::configure)
            .configure(outlets::configure)
            .configure(tags::configure)
            .configure(comments::configure)
            .configure(search::configure)
            .configure(related::configure)
            .configure(archive::configure)
            .configure(pages::configure_api),
    );
}

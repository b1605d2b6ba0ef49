//! The application as `main` and every test build it: its state, its routes and what lies in front.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{DbError, Pool};
use crate::error::{Code, Error, Result};
use crate::health::Metrics;
use crate::{articles, comments, health, links, openapi, outlets, site, tags};
use actix_web::web::{PayloadConfig, ServiceConfig, scope};
use diesel_async::AsyncPgConnection;

/// What every handler can reach.
#[derive(Debug)]
pub struct State {
    pool: Pool,
    clock: Clock,
    config: Config,
    metrics: Metrics,
}

impl State {
    /// The state of one instance.
    pub fn new(pool: Pool, clock: Clock, config: Config) -> Self {
        Self { pool, clock, config, metrics: Metrics::default() }
    }

    /// Reads from the database: one connection, taken now, and one deadline for all of it.
    ///
    /// # Errors
    /// 503 when no connection is to be had, 504 when the deadline passes, and what `work` returns.
    pub async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&AsyncPgConnection) -> Result<T>,
    ) -> Result<T> {
        let conn = self.pool.get().await?;
        let deadline = self.config.query_deadline_ms;
        match tokio::time::timeout(deadline, work(&conn)).await {
            Ok(result) => result,
            Err(_) => {
                let cause = DbError::Deadline(deadline);
                Err(Error::new(Code::Deadline, "the database took too long; try again")
                    .caused_by(cause))
            }
        }
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

/// The largest body that is read, in bytes: an article with 500 links and two texts of 200 kB.
pub const MAX_BODY: usize = 4 << 20;

/// All routes. [`crate::http::front`] is to be wrapped around them.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.app_data(PayloadConfig::new(MAX_BODY));
    site::configure(cfg);
    health::configure(cfg);
    openapi::configure(cfg);
    cfg.service(
        scope("/api/v1")
            .configure(articles::configure)
            .configure(links::configure)
            .configure(outlets::configure)
            .configure(tags::configure)
            .configure(comments::configure),
    );
}

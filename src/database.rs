//! Opens the database of the settings: that of `DATABASE_URL`, or a private PostgreSQL; and brings its
//! schema up to date.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{
    ConnectErrorKind, MigrateError, Pool, PoolOptions, Target, embedded_data_dir, has_schema,
    migrate, start_embedded,
};
use crate::outlets;
use anyhow::{Context as _, Result, bail};
use diesel_async::AsyncConnection as _;
use embedded_postgres::Cluster;
use std::time::Duration;

/// The pause between two attempts to reach a database that is unavailable.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The database, open and migrated.
#[derive(Debug)]
pub struct Database {
    /// How to connect to it.
    pub target: Target,
    /// The private cluster that serves it, if it has one. It runs as long as this value lives.
    pub cluster: Option<Cluster>,
    /// The migrations and changes of `sql/` that were applied when it was opened.
    pub applied: Vec<String>,
}

impl Database {
    /// Finds or starts the database, and brings its schema up to date.
    ///
    /// # Errors
    /// When the URL is invalid, the server unreachable, no PostgreSQL installed or a migration fails; the
    /// text is meant for people.
    pub async fn open(config: &Config, clock: &Clock) -> Result<Self> {
        let mut database = Self::connect(config).await?;
        database.applied = bring_up_to_date(&database.target, clock).await?;
        Ok(database)
    }

    /// Does the same for a command that is about what is stored: never creates a database or its schema.
    ///
    /// # Errors
    /// As [`Database::open`], and when there is no database of roundup.
    pub async fn open_existing(config: &Config, clock: &Clock) -> Result<Self> {
        if config.database_url.is_none() && !config.require_database_url {
            let data_dir = embedded_data_dir(config.data_dir.clone());
            if !embedded_postgres::has_cluster(&data_dir) {
                bail!(
                    "there is no database in {}. Set DATABASE_URL or ROUNDUP_DATA_DIR to that of the \
                     service, or start the service once",
                    data_dir.display()
                );
            }
        }
        let database = Self::connect(config).await?;
        if !has_schema(&database.target).await? {
            database.close().await?;
            bail!(
                "the database is not one of roundup: it has no tables. `roundup migrate` creates them"
            );
        }
        let applied = bring_up_to_date(&database.target, clock).await?;
        Ok(Self { applied, ..database })
    }

    /// Does the same for a service, which must survive without its database: retries in the background
    /// while the database is unavailable. Until then the pool is paused.
    ///
    /// # Errors
    /// As [`Database::open`], for errors that a retry does not help against.
    pub async fn open_or_wait(config: &Config) -> Result<(Self, Pool)> {
        let database = Self::connect(config).await?;
        let pool = database.pool(config);
        if let Err(error) = bring_up_to_date(&database.target, &Clock::System).await {
            if !is_unavailable(&error) {
                return Err(error);
            }
            log::warn!("{error:#}; retrying until it is available");
            pool.pause();
            tokio::spawn(open_when_available(database.target.clone(), pool.clone()));
        }
        Ok((database, pool))
    }

    /// Finds or starts the database without changing its schema.
    async fn connect(config: &Config) -> Result<Self> {
        if let Some(url) = &config.database_url {
            let target = Target::parse(url).context("DATABASE_URL")?;
            return Ok(Self { target, cluster: None, applied: Vec::new() });
        }
        if config.require_database_url {
            bail!("DATABASE_URL is not set, but ROUNDUP_REQUIRE_DATABASE_URL requires it");
        }
        let (data_dir, bin_dir) = (config.data_dir.clone(), config.pg_bin.clone());
        let start = move || start_embedded(data_dir, bin_dir);
        let (cluster, url) = tokio::task::spawn_blocking(start).await??;
        let target = Target::parse(&url)?;
        Ok(Self { target, cluster: Some(cluster), applied: Vec::new() })
    }

    /// Returns a pool of connections to it with the limits of the settings.
    pub fn pool(&self, config: &Config) -> Pool {
        Pool::new(self.target.clone(), options(config))
    }

    /// Returns a pool of connections to its replicas, if there are any.
    ///
    /// # Errors
    /// When the URL is invalid.
    pub fn replicas(config: &Config) -> Result<Option<Pool>> {
        let Some(url) = &config.read_database_url else { return Ok(None) };
        let target = Target::parse(url).context("ROUNDUP_READ_DATABASE_URL")?;
        Ok(Some(Pool::new(target, options(config))))
    }

    /// Stops the private cluster, if there is one and this process started it.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn close(self) -> Result<()> {
        if let Some(cluster) = self.cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await??;
        }
        Ok(())
    }
}

fn options(config: &Config) -> PoolOptions {
    PoolOptions {
        size: config.pool_size.into(),
        workers: config.worker_threads(),
        wait: config.pool_wait_ms,
        statement_timeout: config.query_deadline_ms,
        pgbouncer: config.pgbouncer,
    }
}

/// Applies pending migrations, and adds the known outlets to a new database.
async fn bring_up_to_date(target: &Target, clock: &Clock) -> Result<Vec<String>> {
    let (applied, mut conn) = migrate(target).await?;
    for line in &applied {
        log::info!("migrated: {line}");
    }
    let now = clock.now();
    conn.transaction(async |conn| outlets::seed(conn, now).await).await?;
    Ok(applied)
}

/// Returns whether the database may become available without anyone fixing it.
fn is_unavailable(error: &anyhow::Error) -> bool {
    use ConnectErrorKind::{NotReady, TimedOut, Unreachable, WrongRole};
    let Some(MigrateError::Connect(error)) = error.downcast_ref::<MigrateError>() else {
        return false;
    };
    matches!(error.kind(), Unreachable | TimedOut | NotReady | WrongRole)
}

/// Retries until the database is available and up to date, then resumes the pool.
async fn open_when_available(target: Target, pool: Pool) {
    let mut logged = String::new();
    while let Err(error) = bring_up_to_date(&target, &Clock::System).await {
        let reason = format!("{error:#}");
        // Each reason is logged once.
        if !is_unavailable(&error) && reason != logged {
            log::error!("{reason}");
            logged = reason;
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
    pool.resume();
    log::info!("the database is available");
}

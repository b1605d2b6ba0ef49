//! Opening the database that the settings name: the given one, or a private one of our own; with
//! its schema up to date.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{
    ConnectErrorKind, MigrateError, Pool, PoolOptions, Target, migrate, start_embedded,
};
use crate::outlets;
use anyhow::{Context as _, Result, bail};
use diesel_async::AsyncConnection as _;
use embedded_postgres::Cluster;
use std::time::Duration;

/// How long between two attempts to reach a database that is away.
const RETRY: Duration = Duration::from_millis(250);

/// The database, open and migrated.
#[derive(Debug)]
pub struct Database {
    /// Where it is.
    pub target: Target,
    /// The private cluster behind it, if it is one: it runs as long as this lives.
    pub cluster: Option<Cluster>,
}

impl Database {
    /// Finds or starts the database, and brings its schema up to date.
    ///
    /// # Errors
    /// With a sentence for people: a bad URL, no server, no PostgreSQL to start, a failed step.
    pub async fn open(config: &Config, clock: &Clock) -> Result<Self> {
        let database = Self::connect(config).await?;
        bring_up_to_date(&database.target, clock).await?;
        Ok(database)
    }

    /// The same, for a service that is to outlive its database: one that is away is waited for. Until
    /// it is there and up to date, the pool says so to whoever asks for a connection.
    ///
    /// # Errors
    /// As [`Database::open`], for what waiting does not mend.
    pub async fn open_or_wait(config: &Config) -> Result<(Self, Pool)> {
        let database = Self::connect(config).await?;
        let pool = database.pool(config);
        if let Err(error) = bring_up_to_date(&database.target, &Clock::System).await {
            if !is_away(&error) {
                return Err(error);
            }
            log::warn!("{error:#}; it is waited for");
            pool.pause();
            tokio::spawn(wait(database.target.clone(), pool.clone()));
        }
        Ok((database, pool))
    }

    /// Finds or starts the database and leaves its schema as it is.
    async fn connect(config: &Config) -> Result<Self> {
        if let Some(url) = &config.database_url {
            let target = Target::parse(url).context("DATABASE_URL")?;
            return Ok(Self { target, cluster: None });
        }
        if config.require_database_url {
            bail!("DATABASE_URL is not set, and ROUNDUP_REQUIRE_DATABASE_URL asks for it");
        }
        let (data_dir, bin_dir) = (config.data_dir.clone(), config.pg_bin.clone());
        let start = move || start_embedded(data_dir, bin_dir);
        let (cluster, url) = tokio::task::spawn_blocking(start).await??;
        let target = Target::parse(&url)?;
        Ok(Self { target, cluster: Some(cluster) })
    }

    /// A pool of connections to it, as the settings say.
    pub fn pool(&self, config: &Config) -> Pool {
        Pool::new(self.target.clone(), options(config))
    }

    /// A pool of connections to its replicas, if there are any.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn replicas(config: &Config) -> Result<Option<Pool>> {
        let Some(url) = &config.read_database_url else { return Ok(None) };
        let target = Target::parse(url).context("ROUNDUP_READ_DATABASE_URL")?;
        Ok(Some(Pool::new(target, options(config))))
    }

    /// Stops the private cluster, if there is one and it is ours.
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

/// Applies the steps that are missing, and gives a new database its outlets.
async fn bring_up_to_date(target: &Target, clock: &Clock) -> Result<()> {
    let (steps, mut conn) = migrate(target).await?;
    for step in steps {
        log::info!("migrated: {step}");
    }
    let now = clock.now();
    conn.transaction(async |conn| outlets::seed(conn, now).await).await?;
    Ok(())
}

/// Whether the database may yet come by itself.
fn is_away(error: &anyhow::Error) -> bool {
    use ConnectErrorKind::{NotReady, TimedOut, Unreachable, WrongRole};
    let Some(MigrateError::Connect(error)) = error.downcast_ref::<MigrateError>() else {
        return false;
    };
    matches!(error.kind(), Unreachable | TimedOut | NotReady | WrongRole)
}

/// Tries until the database is there and up to date, and then lets the pool go.
async fn wait(target: Target, pool: Pool) {
    let mut told = String::new();
    while let Err(error) = bring_up_to_date(&target, &Clock::System).await {
        let reason = format!("{error:#}");
        // Once is enough, unless it fails in another way.
        if !is_away(&error) && reason != told {
            log::error!("{reason}");
            told = reason;
        }
        tokio::time::sleep(RETRY).await;
    }
    pool.resume();
    log::info!("the database is there");
}

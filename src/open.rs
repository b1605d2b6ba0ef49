//! Opening the database that the settings name: the given one, or a private one of our own; with
//! its schema up to date.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::embedded::{self, Cluster};
use crate::db::{Pool, PoolOptions, Target, migrate};
use crate::outlets;
use anyhow::{Context as _, Result, bail};
use diesel_async::AsyncConnection as _;
use std::path::PathBuf;

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
        database.migrate(clock).await?;
        Ok(database)
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
        let options = embedded::Options {
            data_dir: data_dir(config),
            pg_bin: config.pg_bin.clone(),
            mode: embedded::Mode::Durable,
        };
        let cluster = tokio::task::spawn_blocking(move || embedded::start(&options)).await??;
        let target = Target::parse(&cluster.url("roundup"))?;
        Ok(Self { target, cluster: Some(cluster) })
    }

    /// Applies the steps that are missing, and gives a new database its outlets.
    async fn migrate(&self, clock: &Clock) -> Result<()> {
        let (steps, mut conn) = migrate(&self.target).await?;
        for step in steps {
            log::info!("migrated: {step}");
        }
        let now = clock.now();
        conn.transaction(async |conn| outlets::seed(conn, now).await).await?;
        Ok(())
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
        wait: config.pool_wait_ms,
        statement_timeout: config.query_deadline_ms,
        pgbouncer: config.pgbouncer,
    }
}

/// Where the private cluster lives: as set, else where the platform keeps such data.
fn data_dir(config: &Config) -> PathBuf {
    if let Some(dir) = &config.data_dir {
        return dir.clone();
    }
    let (data_home, home) = (std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"));
    embedded::default_data_dir(data_home.as_deref(), home.as_deref(), embedded::is_root())
}

//! Bringing the schema up to date.

use super::connect::ConnectError;
use super::target::Target;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

/// Every step, as the binary carries them.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock under which one process at a time migrates: "roundup" in ASCII.
const LOCK: i64 = 0x72_6f_75_6e_64_75_70;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A statement failed.
    #[error("cannot migrate the database: {0}")]
    Query(#[from] diesel::result::Error),
    /// A step failed; those before it stand.
    #[error("cannot migrate the database: {0}")]
    Step(String),
}

/// Applies the steps that the database lacks, one process at a time; returns their names and the
/// connection, still under the lock, for what has to follow.
///
/// # Errors
/// When the database cannot be reached or a step fails.
pub async fn migrate(target: &Target) -> Result<(Vec<String>, AsyncPgConnection), MigrateError> {
    let mut conn = target.establish().await?;
    diesel::sql_query("select pg_advisory_lock($1)")
        .bind::<BigInt, _>(LOCK)
        .execute(&mut conn)
        .await?;
    // Diesel's migrations are synchronous: they get a thread of their own.
    let task = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let done = harness
            .run_pending_migrations(MIGRATIONS)
            .map(|steps| steps.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|error| MigrateError::Step(error.to_string()))?;
        Ok((done, harness.into_inner()))
    });
    task.await.map_err(|error| MigrateError::Step(error.to_string()))?
}

/// Undoes every step: for tests.
///
/// # Errors
/// When the database cannot be reached or a step fails.
pub async fn revert(target: &Target) -> Result<(), MigrateError> {
    let conn = target.establish().await?;
    let task = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let done = harness.revert_all_migrations(MIGRATIONS).map(|_| ());
        done.map_err(|error| MigrateError::Step(error.to_string()))
    });
    task.await.map_err(|error| MigrateError::Step(error.to_string()))?
}

//! Brings the schema up to date: migrations first, then the functions and triggers of `sql/`.

use super::connect::ConnectError;
use super::replaceable_sql::{ReplaceableSql, apply_replaceable_sql};
use super::target::Target;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

/// All migrations, embedded in the program.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The key of the advisory lock that one migrating process holds: "roundup" in ASCII.
const LOCK: i64 = 0x72_6f_75_6e_64_75_70;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A statement failed.
    #[error("cannot migrate the database: {0}")]
    Query(#[from] diesel::result::Error),
    /// A migration failed; those before it are applied.
    #[error("cannot migrate the database: {0}")]
    Step(String),
    /// A file of `sql/` cannot be parsed.
    #[error("cannot migrate the database: {0}")]
    Definition(String),
    /// A function or trigger could not be replaced.
    #[error("cannot {action} the {object} of the database: {source}")]
    Replace {
        /// `replace` or `drop`.
        action: &'static str,
        /// Its kind and name.
        object: String,
        /// What PostgreSQL says.
        source: diesel::result::Error,
    },
}

#[derive(QueryableByName)]
struct SchemaRow {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

/// Returns whether the database was ever migrated.
///
/// # Errors
/// When the database cannot be reached.
pub async fn has_schema(target: &Target) -> Result<bool, MigrateError> {
    let mut conn = target.establish().await?;
    let table = "select to_regclass('__diesel_schema_migrations') is not null as exists";
    let row: SchemaRow = diesel::sql_query(table).get_result(&mut conn).await?;
    Ok(row.exists)
}

/// Applies the pending migrations and what changed in `sql/`, one process at a time. Returns a line
/// for each migration and one for `sql/` if any of it changed, and the connection, which still holds
/// the advisory lock, for further preparation of the database.
///
/// # Errors
/// When the database cannot be reached or a statement fails.
pub async fn migrate(target: &Target) -> Result<(Vec<String>, AsyncPgConnection), MigrateError> {
    let mut conn = target.establish().await?;
    diesel::sql_query("select pg_advisory_lock($1)")
        .bind::<BigInt, _>(LOCK)
        .execute(&mut conn)
        .await?;
    // Diesel's migrations are synchronous, so they get a thread of their own.
    let task = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let steps = harness
            .run_pending_migrations(MIGRATIONS)
            .map(|steps| steps.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|error| MigrateError::Step(error.to_string()))?;
        Ok::<_, MigrateError>((steps, harness.into_inner()))
    });
    let (mut applied, mut conn) =
        task.await.map_err(|error| MigrateError::Step(error.to_string()))??;
    let sql = ReplaceableSql::embedded()?;
    let replaced = apply_replaceable_sql(&mut conn, &sql).await?;
    if !replaced.is_empty() {
        applied.push(format!("sql/: {replaced}"));
    }
    Ok((applied, conn))
}

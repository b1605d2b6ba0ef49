//! Recomputes what the database derives from articles: their counters and the rows by which lists
//! of a tag or an outlet are sorted. Also the lock that keeps writers of articles and merges apart.

use crate::error::Result;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Recomputes the derived data of these articles with the function of the same name in the database.
///
/// # Errors
/// When the database fails.
pub async fn refresh_articles(conn: &mut AsyncPgConnection, ids: &[i64]) -> Result<()> {
    diesel::sql_query("select refresh_articles($1)")
        .bind::<Array<BigInt>, _>(ids)
        .execute(conn)
        .await?;
    Ok(())
}

/// Begins a transaction that writes articles: no outlet or tag is merged until it ends. Without this lock, a
/// writer that credits an outlet and then waits for another one's counter would deadlock with a merge.
///
/// # Errors
/// When the database fails.
pub async fn begin_article_write(conn: &mut AsyncPgConnection) -> Result<()> {
    let lock = "select pg_advisory_xact_lock_shared(hashtextextended('roundup articles', 0))";
    diesel::sql_query(lock).execute(conn).await?;
    Ok(())
}

/// Begins a merge: waits until no transaction writes articles, and makes new ones wait until it ends.
///
/// # Errors
/// When the database fails.
pub async fn wait_for_article_writers(conn: &mut AsyncPgConnection) -> Result<()> {
    let lock = "select pg_advisory_xact_lock(hashtextextended('roundup articles', 0))";
    diesel::sql_query(lock).execute(conn).await?;
    Ok(())
}

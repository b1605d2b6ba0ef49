//! Recomputes what the database derives from articles: their counters and the rows by which lists
//! of a tag or an outlet are sorted.

use crate::error::Result;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Brings up to date what is derived from these articles, by the database's own function.
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

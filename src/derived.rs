//! Recomputes what the database derives from articles: their counters and the rows by which lists
//! of a tag or an outlet are sorted.

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

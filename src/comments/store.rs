//! Writing comments.

use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

#[derive(QueryableByName)]
struct NewId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// New ids, which must be known before the rows are made: a path holds its own comment's.
///
/// # Errors
/// When the database fails.
pub async fn new_ids(conn: &mut AsyncPgConnection, n: i32) -> Result<Vec<i64>> {
    let query = "select nextval(pg_get_serial_sequence('comments', 'id')) as id \
                 from generate_series(1, $1)";
    let rows: Vec<NewId> = diesel::sql_query(query).bind::<Integer, _>(n).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

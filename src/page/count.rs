//! Counts the rows of a list, as the `count` parameter requests.

use super::Count;
use crate::db::{estimated_count, exact_count};
use crate::error::Result;
use diesel::dsl::CountStar;
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::SelectDsl;
use diesel::sql_types::BigInt;
use diesel_async::AsyncPgConnection;
use diesel_async::methods::LoadQuery;

/// Returns the number of rows that `all` selects, if `count` is given.
pub(crate) async fn total<'q, Q, F>(
    conn: &AsyncPgConnection,
    count: Option<Count>,
    all: F,
) -> Result<Option<i64>>
where
    F: FnOnce() -> Q,
    Q: SelectDsl<CountStar> + QueryFragment<Pg> + QueryId + Send + 'q,
    <Q as SelectDsl<CountStar>>::Output:
        for<'c> LoadQuery<'q, &'c AsyncPgConnection, i64> + Send + Query<SqlType = BigInt> + 'q,
{
    Ok(match count {
        None => None,
        Some(Count::Exact) => Some(exact_count(conn, all()).await?),
        Some(Count::Estimated) => Some(estimated_count(conn, all()).await?),
    })
}

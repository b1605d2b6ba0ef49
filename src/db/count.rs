//! The number of rows of a query: exact, or the planner's estimate.

use super::sql_ext::Explain;
use diesel::dsl::{CountStar, count_star};
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::SelectDsl;
use diesel::result::{Error, QueryResult};
use diesel::sql_types::BigInt;
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// Counts the rows of `query`.
pub async fn exact_count<'q, Q>(conn: &AsyncPgConnection, query: Q) -> QueryResult<i64>
where
    Q: SelectDsl<CountStar>,
    <Q as SelectDsl<CountStar>>::Output:
        for<'c> LoadQuery<'q, &'c AsyncPgConnection, i64> + Send + Query<SqlType = BigInt> + 'q,
{
    query.select(count_star()).get_result(&mut &*conn).await
}

/// Returns how many rows PostgreSQL's planner expects of `query`, without running it.
pub async fn estimated_count<Q>(conn: &AsyncPgConnection, query: Q) -> QueryResult<i64>
where
    Q: QueryFragment<Pg> + QueryId + Send,
{
    let plan: Value = Explain(query).get_result(&mut &*conn).await?;
    let rows = plan.pointer("/0/Plan/Plan Rows").and_then(Value::as_i64);
    rows.ok_or_else(|| Error::DeserializationError("the plan has no number of rows".into()))
}

//! How many rows a list has: counted, or as the planner estimates.

use crate::error::{Error, Result};
use crate::page::Count;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::SelectDsl;
use diesel::sql_types::{BigInt, Json};
use diesel::{QueryResult, dsl::CountStar};
use diesel_async::methods::LoadQuery;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// `explain` of a query: one row that holds the plan as JSON.
#[derive(Debug, Clone)]
pub struct Explain<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("explain (format json) ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<Q> QueryId for Explain<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explain<Q> {
    type SqlType = Json;
}

/// The total of the list that `all` selects, if it is wanted.
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
    match count {
        None => Ok(None),
        Some(Count::Exact) => {
            Ok(Some(all().select(diesel::dsl::count_star()).get_result(&mut &*conn).await?))
        }
        Some(Count::Estimated) => {
            let plan: Value = Explain(all()).get_result(&mut &*conn).await?;
            let rows = plan.pointer("/0/Plan/Plan Rows").and_then(Value::as_i64);
            rows.map(Some).ok_or_else(|| Error::internal(anyhow::anyhow!("a plan without rows")))
        }
    }
}

//! A query for each of several ids in one statement, each with a limit of its own: a lateral join,
//! which diesel has no words for.

use super::any::filled;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Nullable};

/// See [`each`].
#[derive(Debug, Clone, QueryId)]
pub struct Each<Q> {
    ids: Vec<Option<i64>>,
    query: Q,
}

/// `query` for each of `ids`, in which the id goes by the name of `wanted.id`. Nothing in SQL says in
/// which order the rows of different ids come.
pub fn each<Q>(ids: &[i64], query: Q) -> Each<Q> {
    let ids: Vec<Option<i64>> = ids.iter().copied().map(Some).collect();
    Each { ids: filled(&ids, None), query }
}

impl<Q: Query> Query for Each<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Each<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT found.* FROM unnest(");
        out.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.ids)?;
        out.push_sql(") AS wanted (id) CROSS JOIN LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") AS found WHERE wanted.id IS NOT NULL");
        Ok(())
    }
}

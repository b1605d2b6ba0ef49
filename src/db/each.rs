//! A query for each of several ids in one statement, each with a limit of its own: a lateral join,
//! which diesel has no words for.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt};

/// `query` for each of `ids`, in which the id goes by the name of `wanted.id`; those below 1 stand
/// for nothing. Nothing in SQL says in which order the rows of different ids come.
#[derive(Debug, Clone, QueryId)]
pub struct Each<Q> {
    /// See [`for_any`](super::for_any).
    pub ids: Vec<i64>,
    /// What to read for one of them.
    pub query: Q,
}

impl<Q: Query> Query for Each<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Each<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT found.* FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql(") AS wanted (id) CROSS JOIN LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") AS found WHERE wanted.id > 0");
        Ok(())
    }
}

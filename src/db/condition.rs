//! A condition that is always the same text.
//!
//! Diesel's own `sql` would do, but a statement with it is never kept prepared, since its text
//! might be another one each time: the server would parse and plan it again for every request.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

/// A condition in SQL, put into the statement word for word: a partial index is used only where
/// the planner sees its own condition there, and not a parameter.
#[derive(Debug, Clone, Copy)]
pub struct Condition(pub &'static str);

impl Expression for Condition {
    type SqlType = Bool;
}

impl QueryFragment<Pg> for Condition {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

/// Two conditions have one type and different texts: prepared statements are told apart by text.
impl QueryId for Condition {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Source> SelectableExpression<Source> for Condition {}

impl<Source> AppearsOnTable<Source> for Condition {}

impl<Columns> ValidGrouping<Columns> for Condition {
    type IsAggregate = is_aggregate::Never;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::articles;
    use diesel::dsl::sql;
    use diesel::prelude::*;

    #[test]
    fn a_statement_with_a_condition_is_kept_prepared() {
        let keeps = |query: &dyn QueryFragment<Pg>| query.is_safe_to_cache_prepared(&Pg).unwrap();
        let all = || articles::table.select(articles::id).into_boxed::<Pg>();
        assert!(keeps(&all().filter(Condition("articles.status = 'published'"))));
        assert!(!keeps(&all().filter(sql::<Bool>("articles.status = 'published'"))));
    }
}

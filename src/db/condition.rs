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
/// the planner sees its own condition there, and not a parameter. Each function is a type of its
/// own, by which diesel tells the statements apart that differ in nothing else.
#[derive(Clone, Copy)]
pub struct Condition<F>(pub F);

/// What a [`Condition`] is made of: a function that takes nothing along.
pub trait Words: Fn() -> &'static str + Copy + Send + 'static {}

impl<F: Fn() -> &'static str + Copy + Send + 'static> Words for F {}

impl<F> Expression for Condition<F> {
    type SqlType = Bool;
}

impl<F: Words> QueryFragment<Pg> for Condition<F> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.0());
        Ok(())
    }
}

impl<F: Words> QueryId for Condition<F> {
    type QueryId = Self;
    /// A pointer to a function is of one type whatever it points to.
    const HAS_STATIC_QUERY_ID: bool = size_of::<F>() == 0;
}

impl<F, Source> SelectableExpression<Source> for Condition<F> {}

impl<F, Source> AppearsOnTable<Source> for Condition<F> {}

impl<F, Columns> ValidGrouping<Columns> for Condition<F> {
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
        assert!(keeps(&all().filter(Condition(|| "articles.status = 'published'"))));
        assert!(!keeps(&all().filter(sql::<Bool>("articles.status = 'published'"))));
    }
}

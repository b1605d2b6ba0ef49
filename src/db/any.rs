//! A list of values in one parameter.
//!
//! Diesel's own `eq_any` would do, but a statement with it counts as another one each time, whose
//! text is made anew (see [`Kept`](super::Kept)); and the planner has a way with short lists.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, Bool, HasSqlType, SingleValue, SqlType};
use std::marker::PhantomData;

/// How many elements the planner supposes in a list that it does not know.
const SUPPOSED: usize = 10;

/// `list`, filled up to ten with `nothing`.
///
/// Else the plan for a list that is not known, which the planner makes once and for ten, is dearer
/// in its eyes than one for the two or three that are asked for: it would plan the statement anew
/// each time, which takes longer than the statement does.
pub(super) fn filled<T: Clone>(list: &[T], nothing: T) -> Vec<T> {
    let mut list = list.to_vec();
    list.resize(list.len().max(SUPPOSED), nothing);
    list
}

/// Whether a column has one of these values, or the default of their type: no row should be there
/// that has that, for it is found as well.
pub fn any_of<C, T: Clone + Default>(column: C, list: &[T]) -> AnyOf<C, T> {
    AnyOf { column, list: filled(list, T::default()) }
}

/// See [`any_of`].
#[derive(Debug, Clone)]
pub struct AnyOf<C, T> {
    column: C,
    list: Vec<T>,
}

impl<C: Expression, T> Expression for AnyOf<C, T> {
    type SqlType = Bool;
}

impl<C, T, S> QueryFragment<Pg> for AnyOf<C, T>
where
    C: Expression<SqlType = S> + QueryFragment<Pg>,
    S: SqlType + SingleValue,
    Pg: HasSqlType<S>,
    Vec<T>: ToSql<Array<S>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<S>, _>(&self.list)?;
        out.push_sql("))");
        Ok(())
    }
}

/// Stands for the statement: the values make no difference.
#[derive(Debug)]
pub struct AnyOfId<C>(PhantomData<C>);

impl<C: QueryId, T> QueryId for AnyOf<C, T> {
    type QueryId = AnyOfId<C::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C: SelectableExpression<Source>, T, Source> SelectableExpression<Source> for AnyOf<C, T> {}

impl<C: AppearsOnTable<Source>, T, Source> AppearsOnTable<Source> for AnyOf<C, T> {}

impl<C, T, Columns> ValidGrouping<Columns> for AnyOf<C, T> {
    type IsAggregate = is_aggregate::Never;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::articles;
    use diesel::debug_query;
    use diesel::prelude::*;

    #[test]
    fn it_is_a_statement_that_is_kept_whatever_the_values() {
        let query = |ids: &[i64]| {
            let some = articles::table.filter(any_of(articles::id, ids)).select(articles::slug);
            let told = debug_query::<Pg, _>(&some).to_string();
            (query_id(&some), told)
        };
        let (one, told) = query(&[7]);
        assert!(told.contains(r#"WHERE ("articles"."id" = ANY($1))"#), "{told}");
        assert!(told.ends_with("binds: [[7, 0, 0, 0, 0, 0, 0, 0, 0, 0]]"), "{told}");
        let many: Vec<i64> = (1..=12).collect();
        let (several, told) = query(&many);
        assert!(told.ends_with("9, 10, 11, 12]]"), "{told}");
        assert!(one.is_some());
        assert_eq!(one, several);
        let slugs = articles::table.filter(any_of(articles::slug, &["a"])).select(articles::slug);
        assert!(query_id(&slugs).is_some_and(|id| Some(id) != one));
    }

    fn query_id<Q: QueryId>(_query: &Q) -> Option<std::any::TypeId> {
        Q::query_id()
    }
}

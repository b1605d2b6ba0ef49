//! SQL that diesel cannot express, or cannot express as a statement that stays prepared.
//!
//! Diesel keeps a statement prepared on the connection, under the static [`QueryId`] of its type.
//! Parts of diesel's own API that have none (`sql`, `eq_any`) make PostgreSQL parse and plan the
//! whole statement for each request. The parts here have one:
//!
//! | Name | SQL | Use |
//! |---|---|---|
//! | [`StaticSql`] | a fixed condition | conditions of partial indexes |
//! | [`any_array`] | `column = any($1)` | the rows of a list of ids |
//! | [`lateral`] | `cross join lateral` | a limit for each of several ids |
//! | [`CachedSql`] | the statement itself | statements with a long text |
//! | [`Explain`] | `explain (format json)` | the planner's estimate of a count |

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder as _, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Bool, HasSqlType, Json, Nullable, SingleValue, SqlType};
use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// A condition with a fixed text. PostgreSQL uses a partial index only for a statement that holds the
/// index's own condition as text, not as a parameter.
///
/// The field is a closure that captures nothing and returns the text: its type, which is different
/// for each closure, is the [`QueryId`].
#[derive(Clone, Copy)]
pub struct StaticSql<F>(pub F);

/// A closure that returns the text of a [`StaticSql`].
pub trait SqlText: Fn() -> &'static str + Copy + Send + 'static {}

impl<F: Fn() -> &'static str + Copy + Send + 'static> SqlText for F {}

impl<F> Expression for StaticSql<F> {
    type SqlType = Bool;
}

impl<F: SqlText> QueryFragment<Pg> for StaticSql<F> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.0());
        Ok(())
    }
}

impl<F: SqlText> QueryId for StaticSql<F> {
    type QueryId = Self;
    /// A function pointer has a size, and the same type for every function.
    const HAS_STATIC_QUERY_ID: bool = size_of::<F>() == 0;
}

impl<F, Source> SelectableExpression<Source> for StaticSql<F> {}

impl<F, Source> AppearsOnTable<Source> for StaticSql<F> {}

impl<F, Columns> ValidGrouping<Columns> for StaticSql<F> {
    type IsAggregate = is_aggregate::Never;
}

/// The number of elements that PostgreSQL's planner assumes for an array whose length it does not
/// know.
const PLANNER_ARRAY_LENGTH: usize = 10;

/// Returns `list`, padded with `padding` to the length that the planner assumes.
///
/// A generic plan, made once for ten elements, looks more expensive than a plan for the two or three
/// of a request. PostgreSQL would then plan the statement for each request, which takes longer than
/// to run it.
fn padded<T: Clone>(list: &[T], padding: T) -> Vec<T> {
    let mut list = list.to_vec();
    list.resize(list.len().max(PLANNER_ARRAY_LENGTH), padding);
    list
}

/// Matches the rows in which `column` is one of the values of `list`: `column = any($1)`.
///
/// The list is padded with the default of its type, such as 0 or an empty text, so no row may have
/// that value.
pub fn any_array<C, T: Clone + Default>(column: C, list: &[T]) -> AnyArray<C, T> {
    AnyArray { column, list: padded(list, T::default()) }
}

/// The condition that [`any_array`] makes.
#[derive(Debug, Clone)]
pub struct AnyArray<C, T> {
    column: C,
    list: Vec<T>,
}

impl<C: Expression, T> Expression for AnyArray<C, T> {
    type SqlType = Bool;
}

impl<C, T, S> QueryFragment<Pg> for AnyArray<C, T>
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

/// The query id of an [`AnyArray`]: that of its column, whatever the values.
#[derive(Debug)]
pub struct AnyArrayId<C>(PhantomData<C>);

impl<C: QueryId, T> QueryId for AnyArray<C, T> {
    type QueryId = AnyArrayId<C::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C: SelectableExpression<Source>, T, Source> SelectableExpression<Source> for AnyArray<C, T> {}

impl<C: AppearsOnTable<Source>, T, Source> AppearsOnTable<Source> for AnyArray<C, T> {}

impl<C, T, Columns> ValidGrouping<Columns> for AnyArray<C, T> {
    type IsAggregate = is_aggregate::Never;
}

/// Runs `query` for each of `ids` in one statement, with a lateral join, so that the query's limit
/// holds for each id. The query refers to the id as `wanted.id`, in a [`StaticSql`]. The rows of
/// different ids come in any order.
pub fn lateral<Q>(ids: &[i64], query: Q) -> Lateral<Q> {
    let ids: Vec<Option<i64>> = ids.iter().copied().map(Some).collect();
    Lateral { ids: padded(&ids, None), query }
}

/// The statement that [`lateral`] makes.
#[derive(Debug, Clone, QueryId)]
pub struct Lateral<Q> {
    ids: Vec<Option<i64>>,
    query: Q,
}

impl<Q: Query> Query for Lateral<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Lateral<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT found.* FROM unnest(");
        out.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.ids)?;
        out.push_sql(") AS wanted (id) CROSS JOIN LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") AS found WHERE wanted.id IS NOT NULL");
        Ok(())
    }
}

/// The texts of [`CachedSql`] statements by their query ids: at most as many as the program has
/// statements.
static CACHED_TEXTS: OnceLock<papaya::HashMap<TypeId, &'static str>> = OnceLock::new();

/// A statement whose text is built once. Diesel builds the text for each execution, name by name:
/// two hundred of them for an article, each first escaped and then copied.
///
/// A boxed statement has no static [`QueryId`], and is built for each execution.
#[derive(Debug, Clone, Copy)]
pub struct CachedSql<Q>(pub Q);

impl<Q: Query> Query for CachedSql<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryId> QueryId for CachedSql<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: QueryFragment<Pg> + QueryId> QueryFragment<Pg> for CachedSql<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        let Some(id) = Q::query_id() else { return self.0.to_sql(out, backend) };
        let texts = CACHED_TEXTS.get_or_init(papaya::HashMap::new).pin();
        if let Some(text) = texts.get(&id) {
            out.push_sql(text);
            return Ok(());
        }
        let mut builder = PgQueryBuilder::new();
        self.0.to_sql(&mut builder, backend)?;
        let text = builder.finish();
        out.push_sql(&text);
        texts.get_or_insert_with(id, || text.leak());
        Ok(())
    }
}

/// `explain (format json)` of a query: one row with the plan.
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

#[cfg(test)]
mod tests;

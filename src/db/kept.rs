//! A statement whose text is made once.
//!
//! Diesel makes the text anew each time that a statement is run, name by name: two hundred of them
//! for one article, each copied once to escape it and once into the text.

use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder as _, QueryFragment, QueryId};
use diesel::result::QueryResult;
use std::any::TypeId;
use std::sync::OnceLock;

/// The texts by the ids of their statements: never more than the program has statements.
static TEXTS: OnceLock<papaya::HashMap<TypeId, &'static str>> = OnceLock::new();

/// A statement that has a static [`QueryId`], which stands for one text whatever is bound to it; a
/// boxed one has none, and is made anew each time.
#[derive(Debug, Clone, Copy)]
pub struct Kept<Q>(pub Q);

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryId> QueryId for Kept<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: QueryFragment<Pg> + QueryId> QueryFragment<Pg> for Kept<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        let Some(id) = Q::query_id() else { return self.0.to_sql(out, backend) };
        let texts = TEXTS.get_or_init(papaya::HashMap::new).pin();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Condition;
    use crate::schema::articles;
    use diesel::debug_query;
    use diesel::prelude::*;

    fn text(query: &impl QueryFragment<Pg>) -> String {
        let mut builder = PgQueryBuilder::new();
        query.to_sql(&mut builder, &Pg).unwrap();
        builder.finish()
    }

    #[test]
    fn a_kept_statement_has_the_text_that_it_had_before() {
        let one = |id: i64| articles::table.filter(articles::id.eq(id)).select(articles::slug);
        for id in 1..4 {
            assert_eq!(text(&Kept(one(id))), text(&one(id)));
            let told = debug_query::<Pg, _>(&Kept(one(id))).to_string();
            assert!(told.ends_with(&format!("binds: [{id}]")), "{told}");
        }
    }

    #[test]
    fn statements_that_differ_only_in_the_words_of_a_condition_are_told_apart() {
        let first = articles::table.filter(Condition(|| "articles.id = 1")).select(articles::id);
        let second = articles::table.filter(Condition(|| "articles.id = 2")).select(articles::id);
        for _ in 0..2 {
            assert!(text(&Kept(first)).contains("articles.id = 1"));
            assert!(text(&Kept(second)).contains("articles.id = 2"));
        }
    }

    #[test]
    fn words_that_are_of_one_type_make_no_two_statements_one() {
        let words: [fn() -> &'static str; 2] = [|| "articles.id = 1", || "articles.id = 2"];
        let all = words.map(|one| articles::table.filter(Condition(one)).select(articles::id));
        let [first, second] = all.map(|query| text(&Kept(query)));
        assert_ne!(first, second);
    }

    #[test]
    fn a_boxed_statement_is_made_anew() {
        let boxed = |id: i64| {
            let all = articles::table.select(articles::id).into_boxed::<Pg>();
            if id > 1 { all.filter(articles::id.eq(id)) } else { all }
        };
        assert_ne!(text(&Kept(boxed(1))), text(&Kept(boxed(2))));
    }
}

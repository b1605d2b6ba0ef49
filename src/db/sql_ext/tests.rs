//! The texts and the query ids of the statements.

use super::*;
use crate::schema::articles;
use diesel::debug_query;
use diesel::dsl::sql;
use diesel::prelude::*;

fn query_id<Q: QueryId>(_query: &Q) -> Option<TypeId> {
    Q::query_id()
}

fn text(query: &impl QueryFragment<Pg>) -> String {
    let mut builder = PgQueryBuilder::new();
    query.to_sql(&mut builder, &Pg).unwrap();
    builder.finish()
}

#[test]
fn a_statement_with_static_sql_stays_prepared() {
    let stays_prepared =
        |query: &dyn QueryFragment<Pg>| query.is_safe_to_cache_prepared(&Pg).unwrap();
    let all = || articles::table.select(articles::id).into_boxed::<Pg>();
    assert!(stays_prepared(&all().filter(StaticSql(|| "articles.status = 'published'"))));
    assert!(!stays_prepared(&all().filter(sql::<Bool>("articles.status = 'published'"))));
}

#[test]
fn any_array_has_one_query_id_whatever_the_values() {
    let query = |ids: &[i64]| {
        let query = articles::table.filter(any_array(articles::id, ids)).select(articles::slug);
        let shown = debug_query::<Pg, _>(&query).to_string();
        (query_id(&query), shown)
    };
    let (id_of_one, shown) = query(&[7]);
    assert!(shown.contains(r#"WHERE ("articles"."id" = ANY($1))"#), "{shown}");
    assert!(shown.ends_with("binds: [[7, 0, 0, 0, 0, 0, 0, 0, 0, 0]]"), "{shown}");
    let twelve: Vec<i64> = (1..=12).collect();
    let (id_of_twelve, shown) = query(&twelve);
    assert!(shown.ends_with("9, 10, 11, 12]]"), "{shown}");
    assert!(id_of_one.is_some());
    assert_eq!(id_of_one, id_of_twelve);
    let slugs = articles::table.filter(any_array(articles::slug, &["a"])).select(articles::slug);
    assert!(query_id(&slugs).is_some_and(|id| Some(id) != id_of_one));
}

#[test]
fn a_lateral_join_has_one_query_id_and_skips_the_padding() {
    let query = |ids: &[i64]| {
        let inner = articles::table
            .filter(StaticSql(|| "articles.id = wanted.id"))
            .select(articles::slug)
            .limit(3);
        lateral(ids, inner)
    };
    let shown = debug_query::<Pg, _>(&query(&[7])).to_string();
    assert!(shown.contains("FROM unnest($1) AS wanted (id) CROSS JOIN LATERAL (SELECT"), "{shown}");
    assert!(shown.contains("AS found WHERE wanted.id IS NOT NULL"), "{shown}");
    assert!(shown.contains("[Some(7), None,"), "{shown}");
    assert!(query_id(&query(&[1])).is_some());
}

#[test]
fn a_cached_statement_has_the_text_that_diesel_builds() {
    let query = |id: i64| articles::table.filter(articles::id.eq(id)).select(articles::slug);
    for id in 1..4 {
        assert_eq!(text(&CachedSql(query(id))), text(&query(id)));
        let shown = debug_query::<Pg, _>(&CachedSql(query(id))).to_string();
        assert!(shown.ends_with(&format!("binds: [{id}]")), "{shown}");
    }
}

#[test]
fn cached_statements_that_differ_only_in_static_sql_are_kept_apart() {
    let first = articles::table.filter(StaticSql(|| "articles.id = 1")).select(articles::id);
    let second = articles::table.filter(StaticSql(|| "articles.id = 2")).select(articles::id);
    for _ in 0..2 {
        assert!(text(&CachedSql(first)).contains("articles.id = 1"));
        assert!(text(&CachedSql(second)).contains("articles.id = 2"));
    }
}

#[test]
fn function_pointers_of_one_type_are_kept_apart() {
    let texts: [fn() -> &'static str; 2] = [|| "articles.id = 1", || "articles.id = 2"];
    let queries = texts.map(|text| articles::table.filter(StaticSql(text)).select(articles::id));
    let [first, second] = queries.map(|query| text(&CachedSql(query)));
    assert_ne!(first, second);
}

#[test]
fn a_boxed_statement_is_not_cached() {
    let boxed = |id: i64| {
        let all = articles::table.select(articles::id).into_boxed::<Pg>();
        if id > 1 { all.filter(articles::id.eq(id)) } else { all }
    };
    assert_ne!(text(&CachedSql(boxed(1))), text(&CachedSql(boxed(2))));
}

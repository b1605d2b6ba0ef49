//! The schema: migrations in both directions, functions and triggers of `sql/`, equality with
//! `src/schema.rs`, its rules, and exact counters.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod counters;
mod replaceable_sql;
mod server;
mod upgrade;

use server::{client, database};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

/// Returns all of the schema as sorted lines.
async fn dump(sql: &Client) -> Vec<String> {
    let parts = [
        "select 'column', table_name, column_name, udt_name, is_nullable, coalesce(column_default, ''),
                is_identity, ordinal_position::text
         from information_schema.columns where table_schema = 'public'",
        "select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', '', ''
         from pg_constraint where connamespace = 'public'::regnamespace",
        "select 'index', tablename, indexname, indexdef, '', '', '', '' from pg_indexes where schemaname = 'public'",
        "select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '', '', ''
         from pg_trigger where not tgisinternal",
        "select 'function', proname, pg_get_functiondef(oid), '', '', '', '', ''
         from pg_proc where pronamespace = 'public'::regnamespace",
        "select 'comment', objoid::regclass::text, objsubid::text, description, '', '', '', ''
         from pg_description where classoid = 'pg_class'::regclass
           and objoid in (select oid from pg_class where relnamespace = 'public'::regnamespace)",
    ];
    let mut lines = Vec::new();
    for part in parts {
        for row in sql.query(part, &[]).await.unwrap() {
            let fields: Vec<String> = (0..8).map(|n| row.get::<_, String>(n)).collect();
            lines.push(fields.join(" | "));
        }
    }
    lines.retain(|line| !line.contains("__diesel_schema_migrations"));
    lines.sort();
    lines
}

/// Returns a client of a new, migrated database.
async fn migrated() -> Client {
    let target = database().await;
    drop(roundup::db::migrate(&target).await.unwrap());
    client(&target).await
}

/// Returns the type parameter of `Nullable<Text>` and the like.
fn type_parameter<'a>(kind: &'a str, beginning: &str) -> Option<&'a str> {
    kind.strip_prefix(beginning)?.strip_suffix('>')
}

/// Returns the tables of `src/schema.rs`: each column with its type, and `?` if it is nullable.
fn declared() -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if line.starts_with("diesel::joinable!") {
            break;
        }
        if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let inner = type_parameter(kind, "Nullable<");
            let (kind, null) = inner.map_or((kind, ""), |inner| (inner, "?"));
            let array = type_parameter(kind, "Array<").map(|kind| format!("_{kind}"));
            let kind = array.unwrap_or_else(|| kind.to_owned()).to_lowercase();
            tables.entry(table.clone()).or_default().push(format!("{name} {kind}{null}"));
        } else if line.ends_with(") {") {
            line.split_once(" (").unwrap().0.clone_into(&mut table);
        }
    }
    tables
}

#[tokio::test]
async fn schema_rs_equals_the_database() {
    let sql = migrated().await;
    let query = "select table_name::text, column_name::text, udt_name::text, is_nullable = 'YES'
                 from information_schema.columns
                 where table_schema = 'public' and table_name <> '__diesel_schema_migrations'
                 order by table_name, ordinal_position";
    let mut real: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sql.query(query, &[]).await.unwrap() {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let null = if row.get(3) { "?" } else { "" };
        real.entry(table).or_default().push(format!("{column} {kind}{null}"));
    }
    let declared = declared();
    assert!(declared.len() > 15, "only {} tables are declared", declared.len());
    for (table, columns) in &real {
        assert_eq!(declared.get(table), Some(columns), "{table}: run diesel print-schema");
    }
    assert_eq!(declared.len(), real.len());
}

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    let sql = migrated().await;
    let query = "
        select c.conrelid::regclass::text || ': ' || pg_get_constraintdef(c.oid),
               exists (select from pg_index i
                       where i.indrelid = c.conrelid and i.indpred is null
                         and (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] = c.conkey)
        from pg_constraint c where c.contype = 'f' and c.connamespace = 'public'::regnamespace";
    let rows = sql.query(query, &[]).await.unwrap();
    assert!(rows.len() > 10, "only {} foreign keys", rows.len());
    let bare: Vec<String> =
        rows.iter().filter(|row| !row.get::<_, bool>(1)).map(|row| row.get(0)).collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

#[tokio::test]
async fn columns_are_of_the_few_types_that_the_rules_allow() {
    let sql = migrated().await;
    let query =
        "select table_name || '.' || column_name, udt_name::text, coalesce(column_default, '')
                 from information_schema.columns
                 where table_schema = 'public' and table_name <> '__diesel_schema_migrations'";
    let allowed = BTreeSet::from([
        "int8",
        "int4",
        "int2",
        "text",
        "_text",
        "bool",
        "timestamptz",
        "jsonb",
        "bytea",
        "date",
        "tsvector",
        // Of a transaction: only `changes.xid`.
        "xid8",
    ]);
    for row in sql.query(query, &[]).await.unwrap() {
        let (column, kind, default): (String, String, String) =
            (row.get(0), row.get(1), row.get(2));
        assert!(allowed.contains(kind.as_str()), "{column} is {kind}");
        assert!(!default.contains("nextval"), "{column} is serial: make it an identity");
        assert!(!default.contains("now()"), "{column}: times come from the service's clock");
    }
}

#[tokio::test]
async fn every_table_has_a_primary_key_and_every_constraint_a_name_of_its_own() {
    let sql = migrated().await;
    let query = "select t.relname::text from pg_class t
                 where t.relkind = 'r' and t.relnamespace = 'public'::regnamespace
                   and not exists (select from pg_constraint c where c.conrelid = t.oid and c.contype = 'p')";
    let keyless: Vec<String> =
        sql.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(keyless.is_empty(), "{keyless:?}");
    let query = "select conname::text from pg_constraint
                 where connamespace = 'public'::regnamespace and contype in ('u', 'c')";
    for row in sql.query(query, &[]).await.unwrap() {
        let name: String = row.get(0);
        assert!(name.ends_with("_key") || name.ends_with("_check"), "{name}");
        assert!(!name.chars().any(|c| c.is_ascii_digit()), "{name} was not named by hand");
    }
}

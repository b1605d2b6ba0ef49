//! Functions and triggers of `sql/`: which of them are replaced, created and dropped, and when.

use super::{client, database, migrated};
use diesel_async::AsyncPgConnection;
use roundup::db::{MigrateError, ReplaceableSql, Replaced, Target, apply_replaceable_sql};
use std::path::Path;
use std::time::{Duration, Instant};

const F_ONE: &str =
    "create or replace function f() returns integer language sql as $$ select 1 $$;\n";
const F_TWO: &str =
    "create or replace function f() returns integer language sql as $$ select 2 $$;\n";
const G: &str = "create or replace function g() returns trigger language plpgsql as $$\n\
                 begin\n    return null;\nend $$;\n";
const TRIGGER: &str = "create or replace trigger tags_after_insert_test after insert on tags\n    \
                       for each statement execute function g();\n";

/// A migrated database, to which only the given texts are applied.
struct Database {
    target: Target,
    conn: AsyncPgConnection,
}

impl Database {
    async fn with(texts: &[&str]) -> Self {
        let target = database().await;
        let (_, conn) = roundup::db::migrate(&target).await.unwrap();
        let mut database = Self { target, conn };
        let replaced = database.apply(100, texts).await.unwrap();
        assert_eq!(replaced.created.len(), texts.len());
        assert!(replaced.dropped.len() > 100, "{replaced:?}");
        database
    }

    async fn apply(&mut self, revision: i32, texts: &[&str]) -> Result<Replaced, MigrateError> {
        let sql = ReplaceableSql::parse(revision, &[("test.sql", &texts.concat())]).unwrap();
        apply_replaceable_sql(&mut self.conn, &sql).await
    }

    async fn value_of_f(&self) -> i32 {
        client(&self.target).await.query_one("select f()", &[]).await.unwrap().get(0)
    }

    /// Returns the names of all functions and triggers that are not part of an extension.
    async fn names(&self) -> Vec<String> {
        let sql = client(&self.target).await;
        sql.query(NAMES, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

const NAMES: &str = "
    select 'function ' || proname as name from pg_proc p
    where pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all
    select 'trigger ' || tgname from pg_trigger where not tgisinternal
    order by 1";

fn replaced(created: &[&str], dropped: &[&str]) -> Replaced {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Replaced { created: owned(created), dropped: owned(dropped) }
}

#[tokio::test]
async fn only_a_changed_text_is_applied_again() {
    let mut database = Database::with(&[F_ONE, G, TRIGGER]).await;
    assert_eq!(
        database.names().await,
        ["function f", "function g", "trigger tags_after_insert_test"]
    );
    assert_eq!(database.apply(100, &[F_ONE, G, TRIGGER]).await.unwrap(), Replaced::default());
    let changed = database.apply(100, &[F_TWO, G, TRIGGER]).await.unwrap();
    assert_eq!(changed, replaced(&["function f"], &[]));
    assert_eq!(database.value_of_f().await, 2);
}

#[tokio::test]
async fn what_is_removed_from_the_texts_is_dropped() {
    let mut database = Database::with(&[F_ONE, G, TRIGGER]).await;
    let changed = database.apply(100, &[F_ONE]).await.unwrap();
    assert_eq!(changed, replaced(&[], &["trigger tags_after_insert_test", "function g"]));
    assert_eq!(database.names().await, ["function f"]);
}

#[tokio::test]
async fn a_trigger_can_call_another_function_when_its_own_is_removed() {
    let mut database = Database::with(&[G, TRIGGER]).await;
    let (other, trigger) = (G.replace("g()", "h()"), TRIGGER.replace("g()", "h()"));
    let changed = database.apply(100, &[&other, &trigger]).await.unwrap();
    let created = ["function h", "trigger tags_after_insert_test"];
    assert_eq!(changed, replaced(&created, &["function g"]));
    assert_eq!(database.names().await, created);
}

#[tokio::test]
async fn what_others_created_is_left_alone() {
    let mut database = Database::with(&[F_ONE, G, TRIGGER]).await;
    let other = "create function h() returns integer language sql as $$ select 3 $$";
    client(&database.target).await.batch_execute(other).await.unwrap();
    database.apply(100, &[]).await.unwrap();
    assert_eq!(database.names().await, ["function h"]);
}

#[tokio::test]
async fn an_older_revision_does_not_replace_a_newer_one() {
    let mut database = Database::with(&[F_ONE, G]).await;
    assert_eq!(database.apply(101, &[F_TWO, G]).await.unwrap(), replaced(&["function f"], &[]));
    assert_eq!(database.apply(100, &[F_ONE]).await.unwrap(), Replaced::default());
    assert_eq!(database.value_of_f().await, 2);
    assert_eq!(database.names().await, ["function f", "function g"]);
    // The newer one is known even where it changed no text.
    assert_eq!(database.apply(102, &[F_TWO, G]).await.unwrap(), Replaced::default());
    assert_eq!(database.apply(101, &[F_ONE, G]).await.unwrap(), Replaced::default());
    assert_eq!(database.value_of_f().await, 2);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_all_as_it_was() {
    let mut database = Database::with(&[F_ONE, G, TRIGGER]).await;
    let bad = "create or replace function e() returns integer language sql as $$ select x $$;\n";
    let error = database.apply(101, &[F_TWO, bad]).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot replace the function e of the database: "), "{error}");
    assert!(error.contains("column \"x\" does not exist"), "{error}");
    assert_eq!(database.value_of_f().await, 1);
    assert_eq!(database.apply(100, &[F_ONE, G, TRIGGER]).await.unwrap(), Replaced::default());
}

#[tokio::test]
async fn unchanged_texts_lock_no_table() {
    let target = database().await;
    drop(roundup::db::migrate(&target).await.unwrap());
    let other = client(&target).await;
    let tables = "begin;
        lock table articles, links, link_credits, article_tags, article_outlets, comments, outlets,
            outlet_aliases, outlet_hosts, outlet_slugs, tags, tag_slugs, article_slugs,
            article_paths, purged_articles, site, search_documents in access exclusive mode";
    other.batch_execute(tables).await.unwrap();
    let again = tokio::time::timeout(Duration::from_secs(20), roundup::db::migrate(&target));
    let (applied, _) = again.await.expect("it waits for a lock").unwrap();
    assert_eq!(applied, Vec::<String>::new());
    other.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn readers_go_on_while_a_trigger_waits_for_a_long_transaction() {
    let mut database = Database::with(&[F_ONE, G, TRIGGER]).await;
    let (long, reader) = (client(&database.target).await, client(&database.target).await);
    // Dropping a trigger waits for every transaction that has read its table.
    long.batch_execute("begin; select from tags").await.unwrap();
    let apply = tokio::spawn(async move {
        let changed = database.apply(100, &[F_ONE, G]).await.unwrap();
        (changed, database)
    });
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let read = Instant::now();
        reader.batch_execute("select from tags").await.unwrap();
        assert!(read.elapsed() < Duration::from_secs(1), "a read took {:?}", read.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        !apply.is_finished(),
        "the trigger was dropped under a transaction that reads its table"
    );
    long.batch_execute("commit").await.unwrap();
    let (changed, database) = apply.await.unwrap();
    assert_eq!(changed, replaced(&[], &["trigger tags_after_insert_test"]));
    assert_eq!(database.names().await, ["function f", "function g"]);
}

#[tokio::test]
async fn every_function_and_trigger_is_found_in_the_files() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let sql: String = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "sql"))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let statements =
        sql.lines().filter(|line| line.starts_with("create or replace ")).collect::<Vec<_>>();
    let rows = migrated().await.query(NAMES, &[]).await.unwrap();
    assert!(rows.len() > 100, "only {} functions and triggers", rows.len());
    for row in &rows {
        let name: String = row.get(0);
        let found = |line: &&&str| {
            line.strip_prefix("create or replace ")
                .and_then(|rest| rest.strip_prefix(&name))
                .is_some_and(|rest| rest.starts_with(['(', ' ']))
        };
        assert_eq!(statements.iter().filter(found).count(), 1, "{name}");
    }
    assert_eq!(statements.len(), rows.len(), "sql/ creates more than the database has");
}

#[tokio::test]
async fn the_name_of_a_trigger_says_when_it_runs() {
    let query = "
        select tgname::text, tgrelid::regclass::text || '_after_' || event || '_' as beginning
        from pg_trigger t
        cross join lateral (select lower(substring(pg_get_triggerdef(t.oid) from ' AFTER (\\w+) ON ')) as event) e
        where not tgisinternal";
    let rows = migrated().await.query(query, &[]).await.unwrap();
    assert!(rows.len() > 70, "only {} triggers", rows.len());
    for row in rows {
        let (name, beginning): (String, Option<String>) = (row.get(0), row.get(1));
        assert!(beginning.is_some_and(|beginning| name.starts_with(&beginning)), "{name}");
    }
}

//! Migrations step by step: up, down, and of a database with rows in it.

use super::counters::{Random, insert_outlets_and_tags, mismatches, random_write};
use super::server::{migrations, with_harness};
use super::{client, database, dump};
use diesel_migrations::MigrationHarness as _;
use roundup::db::{MIGRATIONS, Target, migrate};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The step with which functions and triggers moved to `sql/`.
const REPLACEABLE_SQL: &str = "20261130000100";

/// Applies the next migration, without `sql/`.
async fn apply_next(target: &Target) {
    with_harness(target, |harness| drop(harness.run_next_migration(MIGRATIONS).unwrap())).await;
}

/// Reverts the last migration that was applied.
async fn revert_last(target: &Target) {
    with_harness(target, |harness| drop(harness.revert_last_migration(MIGRATIONS).unwrap())).await;
}

#[tokio::test]
async fn every_step_can_be_undone_and_done_again() {
    let target = database().await;
    let sql = client(&target).await;
    let steps: Vec<String> =
        migrations().iter().map(|step| step.name().version().to_string()).collect();
    let mut dumps = vec![dump(&sql).await];
    for _ in &steps {
        apply_next(&target).await;
        dumps.push(dump(&sql).await);
    }
    assert_eq!(dumps[0], Vec::<String>::new());
    let first = migrate(&target).await.unwrap().0;
    assert_eq!(first.len(), 1, "{first:?}");
    let current = dump(&sql).await;
    assert!(current.len() > 200, "only {} lines", current.len());

    for (index, step) in steps.iter().enumerate().rev() {
        revert_last(&target).await;
        let (mut now, mut before) = (dump(&sql).await, dumps[index].clone());
        if step.as_str() > REPLACEABLE_SQL {
            // Those of sql/ stand in place of those of the migrations.
            for lines in [&mut now, &mut before] {
                lines.retain(|line| !line.starts_with("function") && !line.starts_with("trigger"));
            }
        }
        assert_eq!(now, before, "after {step} was undone");
    }

    let again = migrate(&target).await.unwrap().0;
    assert_eq!(again.len(), steps.len() + 1, "{again:?}");
    assert_eq!(dump(&sql).await, current);
    assert_eq!(migrate(&target).await.unwrap().0, Vec::<String>::new());
}

/// Returns a database of the schema before [`REPLACEABLE_SQL`].
async fn database_before_sql() -> Target {
    let target = database().await;
    for step in migrations() {
        if step.name().version().to_string().as_str() < REPLACEABLE_SQL {
            apply_next(&target).await;
        }
    }
    target
}

#[tokio::test]
async fn a_database_of_the_schema_before_sql_upgrades_with_its_rows() {
    let target = database_before_sql().await;
    let sql = client(&target).await;
    insert_outlets_and_tags(&sql).await;
    let mut random = Random(7);
    for _ in 0..150 {
        sql.batch_execute(&random_write(&mut random)).await.unwrap();
    }
    assert_eq!(mismatches(&sql).await, Vec::<String>::new());
    let rows = "select count(*) from comments";
    assert!(sql.query_one(rows, &[]).await.unwrap().get::<_, i64>(0) > 10);

    let applied = migrate(&target).await.unwrap().0;
    assert!(
        applied.last().unwrap().ends_with("dropped 26 functions and 95 triggers"),
        "{applied:?}"
    );
    assert_eq!(mismatches(&sql).await, Vec::<String>::new());
    for step in 0..150 {
        let statement = random_write(&mut random);
        sql.batch_execute(&statement).await.unwrap();
        assert_eq!(mismatches(&sql).await, Vec::<String>::new(), "step {step}: {statement}");
    }

    let new = client(&{
        let target = database().await;
        drop(migrate(&target).await.unwrap());
        target
    })
    .await;
    assert_eq!(dump(&sql).await, dump(&new).await);
}

/// Runs the statements at least ten times, and then until told to stop.
async fn repeat(target: Target, statements: String, stop: Arc<AtomicBool>) {
    let sql = client(&target).await;
    let mut count = 0;
    while count < 10 || !stop.load(Ordering::Relaxed) {
        sql.batch_execute(&statements).await.unwrap();
        count += 1;
    }
}

#[tokio::test]
async fn transactions_of_the_release_before_go_on_during_the_upgrade() {
    let target = database_before_sql().await;
    let sql = client(&target).await;
    let articles = "
        insert into articles (slug, status, headline, published_at, created_at, updated_at)
        select 's' || n, 'published', 'x', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z'
        from generate_series(1, 4) n";
    sql.batch_execute(articles).await.unwrap();
    let mut transactions = Vec::new();
    for article in 1..=4 {
        transactions.push(format!(
            "begin;
             select from articles where id = {article} for no key update;
             with new as (select nextval(pg_get_serial_sequence('comments', 'id')) as id)
             insert into comments (id, article_id, root_id, depth, path, status, text, html, listed_at)
             select id, {article}, id, 0, int8send(id), 'approved', 'x', 'x', '2026-01-01Z' from new;
             commit"
        ));
    }
    // Those read the same tables in opposite orders, so one that locks several meets a deadlock.
    for tables in [["articles", "comments", "links"], ["links", "comments", "articles"]] {
        let reads =
            tables.map(|table| format!("select from {table} limit 1; select pg_sleep(0.002);"));
        transactions.push(format!("begin; {} commit", reads.concat()));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let running: Vec<_> = transactions
        .into_iter()
        .map(|transaction| tokio::spawn(repeat(target.clone(), transaction, Arc::clone(&stop))))
        .collect();
    let upgrade = tokio::time::timeout(Duration::from_mins(1), migrate(&target)).await;
    assert_eq!(upgrade.expect("it does not end").unwrap().0.len(), 14);
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    for task in running {
        task.await.unwrap();
    }
    assert_eq!(mismatches(&sql).await, Vec::<String>::new());
}

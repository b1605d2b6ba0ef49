//! What errors of a real server are taken for.

use crate::server::PLAIN;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use roundup::db::{DbFault, Target, classify};

async fn connection() -> AsyncPgConnection {
    Target::parse(&PLAIN.url("roundup", "h", "")).unwrap().establish().await.unwrap()
}

/// Runs statements of which the last one fails, and says what the failure is taken for.
async fn fault(connection: &mut AsyncPgConnection, sql: &str) -> DbFault {
    let result = connection.batch_execute(&format!("BEGIN; {SCHEMA} {sql}")).await;
    let error = result.expect_err(sql);
    let fault = classify(&error);
    // Fails when the connection is gone, which some of the statements are about.
    let _ = connection.batch_execute("ROLLBACK").await;
    fault
}

const SCHEMA: &str = "
CREATE TEMP TABLE a (id int CONSTRAINT a_key PRIMARY KEY, n int CONSTRAINT a_small CHECK (n < 9),
    t varchar(3) NOT NULL DEFAULT '');
CREATE TEMP TABLE b (id int CONSTRAINT b_a REFERENCES a);
INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1);
";

#[tokio::test]
async fn each_sqlstate_is_taken_for_what_it_is() {
    let named = |name: &str| name.to_owned();
    let raise = |code: &str| format!("DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$");
    let table = [
        ("INSERT INTO a VALUES (1, 1)".into(), DbFault::Conflict { constraint: named("a_key") }),
        ("INSERT INTO b VALUES (7)".into(), DbFault::BadReference { constraint: named("b_a") }),
        ("DELETE FROM a".into(), DbFault::BadReference { constraint: named("b_a") }),
        ("UPDATE a SET n = 9".into(), DbFault::CheckViolation { constraint: named("a_small") }),
        ("UPDATE a SET t = NULL".into(), DbFault::BadInput),
        ("UPDATE a SET t = 'long'".into(), DbFault::BadInput),
        ("SELECT 2147483647 + 1".into(), DbFault::BadInput),
        ("SELECT '99999999999'::int".into(), DbFault::BadInput),
        ("SELECT 'x'::int".into(), DbFault::BadInput),
        ("SELECT '{\"a\":\"\\u0000\"}'::jsonb".into(), DbFault::BadInput),
        ("SELECT '\"\\ud800\"'::jsonb".into(), DbFault::BadInput),
        ("SELECT convert_from('\\x00', 'UTF8')".into(), DbFault::BadInput),
        ("SELECT '999999-01-01'::timestamptz".into(), DbFault::BadInput),
        ("SELECT 1 LIMIT -1".into(), DbFault::BadInput),
        ("SELECT 'a' ~ '('".into(), DbFault::BadInput),
        ("SELECT repeat('[', 20000)::jsonb".into(), DbFault::BadInput),
        ("SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)".into(), DbFault::Timeout),
        ("SET TRANSACTION READ ONLY; CREATE TABLE c ()".into(), DbFault::ReadOnly),
        (raise("40001"), DbFault::Serialization),
        (raise("23P01"), DbFault::Conflict { constraint: String::new() }),
        ("SELECT nonsense".into(), DbFault::Other),
        ("SELECT pg_terminate_backend(pg_backend_pid())".into(), DbFault::Unavailable),
    ];
    let mut connection = connection().await;
    for (sql, expected) in table {
        assert_eq!(fault(&mut connection, &sql).await, expected, "for {sql}");
    }
    let error = connection.batch_execute("SELECT 1").await.expect_err("the connection is gone");
    assert_eq!(classify(&error), DbFault::Unavailable);
}

#[tokio::test]
async fn an_index_entry_that_is_too_large_is_bad_input() {
    let sql = "CREATE TEMP TABLE u (t text UNIQUE);
        INSERT INTO u SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) n";
    assert_eq!(fault(&mut connection().await, sql).await, DbFault::BadInput);
}

#[tokio::test]
async fn a_deadlock_is_a_serialization_failure_for_one_of_two() {
    let (mut first, mut second) = (connection().await, connection().await);
    let lock = |n| format!("SELECT pg_advisory_xact_lock({n})");
    for (connection, n) in [(&mut first, 71), (&mut second, 72)] {
        let sql = format!("BEGIN; SET LOCAL deadlock_timeout = '50ms'; {}", lock(n));
        connection.batch_execute(&sql).await.unwrap();
    }
    let (lock_72, lock_71) = (lock(72), lock(71));
    let (one, other) = tokio::join!(first.batch_execute(&lock_72), async {
        let result = second.batch_execute(&lock_71).await;
        // Frees the first one when it was the second that failed.
        let _ = second.batch_execute("ROLLBACK").await;
        result
    });
    let errors: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.iter().map(classify).collect::<Vec<_>>(), [DbFault::Serialization]);
}

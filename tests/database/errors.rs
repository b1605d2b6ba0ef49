//! The kinds of the errors of a real server.

use crate::server::PLAIN;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use roundup::db::{DbErrorKind, Target};

async fn connection() -> AsyncPgConnection {
    Target::parse(&PLAIN.url("roundup", "h", "")).unwrap().establish().await.unwrap()
}

/// Runs statements of which the last one fails, and returns the kind of the error.
async fn error_kind(connection: &mut AsyncPgConnection, sql: &str) -> DbErrorKind {
    let result = connection.batch_execute(&format!("BEGIN; {SCHEMA} {sql}")).await;
    let error = result.expect_err(sql);
    let kind = DbErrorKind::of(&error);
    // Fails after the statements that end the connection.
    let _ = connection.batch_execute("ROLLBACK").await;
    kind
}

const SCHEMA: &str = "
CREATE TEMP TABLE a (id int CONSTRAINT a_key PRIMARY KEY, n int CONSTRAINT a_small CHECK (n < 9),
    t varchar(3) NOT NULL DEFAULT '');
CREATE TEMP TABLE b (id int CONSTRAINT b_a REFERENCES a);
INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1);
";

#[tokio::test]
async fn each_sqlstate_has_its_kind() {
    let named = |name: &str| name.to_owned();
    let raise = |code: &str| format!("DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$");
    let table = [
        (
            "INSERT INTO a VALUES (1, 1)".into(),
            DbErrorKind::UniqueViolation { constraint: named("a_key") },
        ),
        (
            "INSERT INTO b VALUES (7)".into(),
            DbErrorKind::ForeignKeyViolation { constraint: named("b_a") },
        ),
        ("DELETE FROM a".into(), DbErrorKind::ForeignKeyViolation { constraint: named("b_a") }),
        ("UPDATE a SET n = 9".into(), DbErrorKind::CheckViolation { constraint: named("a_small") }),
        ("UPDATE a SET t = NULL".into(), DbErrorKind::InvalidData),
        ("UPDATE a SET t = 'long'".into(), DbErrorKind::InvalidData),
        ("SELECT 2147483647 + 1".into(), DbErrorKind::InvalidData),
        ("SELECT '99999999999'::int".into(), DbErrorKind::InvalidData),
        ("SELECT 'x'::int".into(), DbErrorKind::InvalidData),
        ("SELECT '{\"a\":\"\\u0000\"}'::jsonb".into(), DbErrorKind::InvalidData),
        ("SELECT '\"\\ud800\"'::jsonb".into(), DbErrorKind::InvalidData),
        ("SELECT convert_from('\\x00', 'UTF8')".into(), DbErrorKind::InvalidData),
        ("SELECT '999999-01-01'::timestamptz".into(), DbErrorKind::InvalidData),
        ("SELECT 1 LIMIT -1".into(), DbErrorKind::InvalidData),
        ("SELECT 'a' ~ '('".into(), DbErrorKind::InvalidData),
        ("SELECT repeat('[', 20000)::jsonb".into(), DbErrorKind::InvalidData),
        ("SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)".into(), DbErrorKind::Timeout),
        ("SET TRANSACTION READ ONLY; CREATE TABLE c ()".into(), DbErrorKind::ReadOnly),
        (raise("40001"), DbErrorKind::SerializationFailure),
        (raise("23P01"), DbErrorKind::UniqueViolation { constraint: String::new() }),
        ("SELECT nonsense".into(), DbErrorKind::Other),
        ("SELECT pg_terminate_backend(pg_backend_pid())".into(), DbErrorKind::Unavailable),
    ];
    let mut connection = connection().await;
    for (sql, expected) in table {
        assert_eq!(error_kind(&mut connection, &sql).await, expected, "for {sql}");
    }
    let error = connection.batch_execute("SELECT 1").await.expect_err("the connection was lost");
    assert_eq!(DbErrorKind::of(&error), DbErrorKind::Unavailable);
}

#[tokio::test]
async fn an_index_entry_that_is_too_large_is_invalid_data() {
    let sql = "CREATE TEMP TABLE u (t text UNIQUE);
        INSERT INTO u SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) n";
    assert_eq!(error_kind(&mut connection().await, sql).await, DbErrorKind::InvalidData);
}

#[tokio::test]
async fn a_deadlock_is_a_serialization_failure_in_one_of_two_transactions() {
    let (mut first, mut second) = (connection().await, connection().await);
    let lock = |n| format!("SELECT pg_advisory_xact_lock({n})");
    for (connection, n) in [(&mut first, 71), (&mut second, 72)] {
        let sql = format!("BEGIN; SET LOCAL deadlock_timeout = '50ms'; {}", lock(n));
        connection.batch_execute(&sql).await.unwrap();
    }
    let (lock_72, lock_71) = (lock(72), lock(71));
    let (one, other) = tokio::join!(first.batch_execute(&lock_72), async {
        let result = second.batch_execute(&lock_71).await;
        // Releases the lock that the first one waits for, when the second one has failed.
        let _ = second.batch_execute("ROLLBACK").await;
        result
    });
    let errors: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(
        errors.iter().map(DbErrorKind::of).collect::<Vec<_>>(),
        [DbErrorKind::SerializationFailure]
    );
}

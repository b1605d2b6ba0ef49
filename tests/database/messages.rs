//! Errors of a server whose messages are not in English.

use crate::server::{Server, Tls};
use diesel_async::SimpleAsyncConnection as _;
use roundup::db::{DbErrorKind, Target};
use std::fs;

#[tokio::test]
async fn the_messages_of_a_german_server_are_in_english_where_the_role_may_set_that() {
    let server = Server::start_with(Tls::Off, "de");
    // A superuser may set it, and the role has it set.
    for user in ["roundup", "english"] {
        let target = Target::parse(&server.url(user, "h", "")).unwrap();
        let mut connection = target.establish().await.unwrap();
        let sql = "SET statement_timeout = 50; SELECT pg_sleep(5)";
        let error = connection.batch_execute(sql).await.unwrap_err();
        assert_eq!(DbErrorKind::of(&error), DbErrorKind::Timeout, "{user}: {error}");
    }
    // Other roles can connect all the same, without an error in the server's log.
    let target = Target::parse(&server.url("reader", "h", "")).unwrap();
    target.establish().await.unwrap().batch_execute("SELECT 1").await.unwrap();
    let log = fs::read_to_string(server.file("log")).unwrap();
    assert!(!log.contains("lc_messages"), "{log}");
}

#[tokio::test]
async fn through_pgbouncer_the_language_is_not_changed() {
    let server = Server::start_with(Tls::Off, "de");
    let target = Target::parse(&server.url("roundup", "h", "&pgbouncer=true")).unwrap();
    let mut connection = target.establish().await.unwrap();
    let changed = "DO $$ BEGIN IF current_setting('lc_messages') = 'C' THEN \
         RAISE EXCEPTION 'changed'; END IF; END $$";
    connection.batch_execute(changed).await.unwrap();
}
